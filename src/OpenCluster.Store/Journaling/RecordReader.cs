namespace OpenCluster.Store.Journaling;

/// <summary>Reads the records of one file from front to back, and stops at the first that is not whole.</summary>
internal sealed class RecordReader(IFile file, FileHeader header, long first)
{
    /// <summary>How finely it is remembered where records stand: what is written once more at an opening is at most this too much.</summary>
    private const int CheckpointBytes = 1024 * 1024;

    private readonly Queue<(long Sequence, long Offset)> checkpoints = [];
    private long nextCheckpoint = CheckpointBytes;
    private long recordsEnd = FileHeader.Size;
    private readonly long firstSequence = first;
    private readonly long length = file.Length;
    private byte[] buffer = new byte[64 * 1024];
    private int start;
    private int filled;

    /// <summary>Where the next record starts; after the last, how many bytes of the file are whole.</summary>
    public long Offset { get; private set; } = FileHeader.Size;

    /// <summary>The sequence that the next record must have.</summary>
    public long NextSequence { get; private set; } = first;

    /// <summary>What is wrong at <see cref="Offset"/>; null while all is well and at a clean end.</summary>
    public string? Problem { get; private set; }

    /// <summary>All before this was synced when some record after it was written; of the rest it is not known. 0 when nothing says so.</summary>
    public long UnprovenFrom { get; private set; }

    /// <summary>Whether the last thing read was a mark.</summary>
    public bool EndsWithMark { get; private set; }

    /// <summary>The next payload (valid until the next call); false at the end or at a <see cref="Problem"/>. Marks are passed over.</summary>
    public bool TryRead(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        while (Problem is null && Offset < length)
        {
            if (!TryFill(RecordHeader.Size))
                return Stop("a record's header is cut short");
            var record = RecordHeader.Decode(buffer.AsSpan(start));
            if (record.Length is < 0 or > RecordHeader.MaxPayload || record.Length > length - Offset - RecordHeader.Size)
                return Stop($"a record claims {record.Length} bytes where {length - Offset - RecordHeader.Size} are left");
            var size = RecordHeader.Size + record.Length;
            if (!TryFill(size) || !RecordHeader.IsWhole(buffer.AsSpan(start, size), header.Salt))
                return Stop("a record does not match its checksum");
            if (record.Sequence != NextSequence)
                return Stop($"record {record.Sequence} stands where record {NextSequence} should");
            Prove(record);
            payload = buffer.AsSpan(start + RecordHeader.Size, record.Length);
            start += size;
            Offset += size;
            EndsWithMark = record.IsMark;
            if (record.IsMark)
                continue;
            NextSequence++;
            return true;
        }
        return false;
    }

    /// <summary>
    /// Does any whole record from <see cref="Offset"/> on say that the one with <paramref name="sequence"/> had been synced when it was
    /// written? After a <see cref="Problem"/> that is damage; otherwise all that is left was never synced.
    /// </summary>
    public bool LaterRecordProves(long sequence)
    {
        var window = new byte[CheckpointBytes];
        for (var from = Offset; from < length; from += window.Length - RecordHeader.Size)
        {
            var read = file.Read(window, from);
            for (var at = 0; at <= read - RecordHeader.Size; at++)
            {
                // The sequence is looked at first: it is nearly always wrong, so few candidates cost a checksum.
                var record = RecordHeader.Decode(window.AsSpan(at));
                var plausible = record.Batch > sequence
                    && record.Sequence >= record.Batch
                    && record.Sequence - firstSequence <= length / RecordHeader.Size
                    && record.Length >= 0
                    && record.Length <= Math.Min(RecordHeader.MaxPayload, length - from - at - RecordHeader.Size);
                if (plausible && IsWholeAt(from + at, RecordHeader.Size + record.Length))
                    return true;
            }
        }
        return false;
    }

    private bool IsWholeAt(long offset, int size)
    {
        var record = new byte[size];
        return file.Read(record, offset) == size && RecordHeader.IsWhole(record, header.Salt);
    }

    /// <summary>
    /// Takes from a record at <see cref="Offset"/> what it says was synced before it. That is records, up to the end of the last one: a
    /// mark in between was not synced itself.
    /// </summary>
    private void Prove(RecordHeader record)
    {
        if (record.Batch == record.Sequence)
        {
            UnprovenFrom = recordsEnd;
            checkpoints.Clear();
        }
        while (checkpoints.TryPeek(out var proven) && proven.Sequence <= record.Batch)
            UnprovenFrom = checkpoints.Dequeue().Offset;
        if (record.IsMark)
            return;
        if (Offset >= nextCheckpoint)
        {
            checkpoints.Enqueue((record.Sequence, recordsEnd));
            nextCheckpoint = Offset + CheckpointBytes;
        }
        recordsEnd = Offset + RecordHeader.Size + record.Length;
    }

    private bool Stop(string problem)
    {
        Problem = problem;
        return false;
    }

    /// <summary>Has at least <paramref name="size"/> bytes of the record in the buffer, unless the file ends before.</summary>
    private bool TryFill(int size)
    {
        if (filled - start >= size)
            return true;
        var kept = buffer.AsSpan(start, filled - start);
        var room = size <= buffer.Length ? buffer : new byte[Math.Max(size, buffer.Length * 2)];
        kept.CopyTo(room);
        filled = kept.Length;
        start = 0;
        buffer = room;
        filled += file.Read(buffer.AsSpan(filled), Offset + filled);
        return filled >= size;
    }
}
