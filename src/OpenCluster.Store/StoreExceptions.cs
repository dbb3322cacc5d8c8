namespace OpenCluster.Store;

/// <summary>What can go wrong with a store that is used rightly.</summary>
public abstract class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A watch asked for changes that are no longer kept. Read the prefix again and watch from there.</summary>
public sealed class CompactedException(long compactedRevision)
    : StoreException($"The store keeps no changes up to revision {compactedRevision} any more (compacted): read again and watch from there.")
{
    /// <summary>A watch after this revision, or after any later one, is possible.</summary>
    public long CompactedRevision { get; } = compactedRevision;
}

/// <summary>The store cannot be reached or cannot write (disk full, read-only, failing). Trying again later may help.</summary>
/// <param name="message">What happened, where, and what to do.</param>
/// <param name="outcomeUnknown">True when the request may have been carried out all the same: read before repeating it.</param>
/// <param name="inner">The cause.</param>
public sealed class StoreUnavailableException(string message, bool outcomeUnknown, Exception? inner = null) : StoreException(message, inner)
{
    public bool OutcomeUnknown { get; } = outcomeUnknown;
}

/// <summary>Another process has the store's directory.</summary>
public sealed class StoreInUseException(string directory, int? holderPid)
    : StoreException($"The store in {directory} is in use by process {holderPid?.ToString() ?? "(unknown)"}. Stop that one first, or give this one a directory of its own.")
{
    /// <summary>The process that holds it, where it could be read.</summary>
    public int? HolderPid { get; } = holderPid;
}
