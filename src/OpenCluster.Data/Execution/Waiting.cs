using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Execution;

/// <summary>A client that waits for one of some keys to hold something (BLPOP and its like). His command is tried again whenever one of them changes.</summary>
internal sealed class Waiting(Session session, Space space, IReadOnlyList<byte[]> keys, byte[] command, long until)
{
    public Session Session { get; } = session;

    public Space Space { get; } = space;

    public IReadOnlyList<byte[]> Keys { get; } = keys;

    /// <summary>What he said, as an array of bulk strings.</summary>
    public byte[] Command { get; } = command;

    /// <summary>Milliseconds since 1970; 0: for ever.</summary>
    public long Until { get; } = until;

    /// <summary>He waits no more.</summary>
    public bool IsOver { get; set; }
}
