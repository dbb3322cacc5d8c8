namespace OpenCluster.Store.Journaling;

/// <summary>How a journal is kept.</summary>
public sealed record JournalOptions
{
    /// <summary>Written into the files of a journal that is created now; one that exists keeps its own.</summary>
    public required long NewGeneration { get; init; }

    /// <summary>
    /// A segment that has grown to this is closed and the next begun. Default 16 MiB, 4 KiB to 1 GiB.
    /// Larger ones make fewer files and a longer wait for the room that a snapshot frees.
    /// </summary>
    public long SegmentBytes { get; init; } = 16 * 1024 * 1024;
}

/// <summary>Takes what a journal holds when it is opened: first the snapshot's payloads, then the records after it, in order.</summary>
public interface IJournalReplay
{
    void Snapshot(ReadOnlySpan<byte> payload);

    void Record(long sequence, ReadOnlySpan<byte> payload);
}

/// <summary>The end of a journal that was cut off when it was opened, because no sync of it had ever returned.</summary>
/// <param name="File">The segment.</param>
/// <param name="Offset">Where it was cut.</param>
/// <param name="Bytes">How many bytes went.</param>
/// <param name="Problem">What was wrong with the first of them.</param>
public sealed record CutTail(string File, long Offset, long Bytes, string Problem);
