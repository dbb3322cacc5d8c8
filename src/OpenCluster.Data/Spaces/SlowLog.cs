namespace OpenCluster.Data.Spaces;

/// <summary>A command that took long.</summary>
/// <param name="Id">Counts up.</param>
/// <param name="At">Milliseconds since 1970.</param>
/// <param name="Took">How long it kept the others waiting.</param>
/// <param name="Words">Its first words, each cut.</param>
/// <param name="Peer">Who asked for it.</param>
/// <param name="Client">What he calls himself.</param>
internal sealed record SlowCommand(long Id, long At, TimeSpan Took, IReadOnlyList<byte[]> Words, string Peer, string Client);

/// <summary>The commands of a space that took longer than <see cref="Limit"/>, the latest <see cref="Kept"/> of them.</summary>
internal sealed class SlowLog
{
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(10);
    public const int Kept = 128;

    private readonly LinkedList<SlowCommand> latest = new();
    private long nextId;

    public int Count => latest.Count;

    /// <summary>The latest first.</summary>
    public IEnumerable<SlowCommand> Latest => latest;

    public void Add(long at, TimeSpan took, IReadOnlyList<byte[]> words, string peer, string client)
    {
        latest.AddFirst(new SlowCommand(nextId++, at, took, words, peer, client));
        if (latest.Count > Kept) latest.RemoveLast();
    }

    public void Clear() => latest.Clear();
}
