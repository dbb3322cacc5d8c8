namespace OpenCluster.Controller.Access;

/// <summary>
/// A kind of the shell's own documents, kept in memory as an immutable snapshot that requests read. The loop hands it what was committed,
/// so that it never knows what the store does not.
/// </summary>
internal interface IOwnBook
{
    /// <summary>Takes in what was committed (or read at the start); documents of other kinds are passed over.</summary>
    void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed);
}
