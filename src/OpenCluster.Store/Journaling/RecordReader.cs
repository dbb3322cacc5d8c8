namespace OpenCluster.Store.Journaling;

/// <summary>Reads the records of one file from front to back, and stops at the first that is not whole.</summary>
internal sealed class RecordReader(IFile file, FileHeader header, long firstSequence)
{
    private readonly long length = file.Length;
    private byte[] buffer = new byte[64 * 1024];
    private int start;
    private int filled;

    /// <summary>Where the next record starts; after the last, how many bytes of the file are whole.</summary>
    public long Offset { get; private set; } = FileHeader.Size;

    /// <summary>The sequence that the next record must have.</summary>
    public long NextSequence { get; private set; } = firstSequence;

    /// <summary>What is wrong at <see cref="Offset"/>; null while all is well and at a clean end.</summary>
    public string? Problem { get; private set; }

    /// <summary>Where the last mark starts: all before it was synced, of the rest it is not known. 0 when there is no mark.</summary>
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
            payload = buffer.AsSpan(start + RecordHeader.Size, record.Length);
            start += size;
            Offset += size;
            EndsWithMark = record.IsMark;
            if (record.IsMark)
            {
                UnprovenFrom = Offset - size;
                continue;
            }
            NextSequence++;
            return true;
        }
        return false;
    }

    /// <summary>
    /// After a <see cref="Problem"/>: does any whole record further on prove that what should be here had been synced?
    /// Then it is damage. Otherwise all that is left belongs to one batch whose sync never returned.
    /// </summary>
    public bool LaterRecordProvesDamage()
    {
        var rest = new byte[length - Offset];
        rest = rest[..file.Read(rest, Offset)];
        for (var at = 0; at <= rest.Length - RecordHeader.Size; at++)
        {
            // The sequence is looked at first: it is nearly always wrong, so few candidates cost a checksum.
            var record = RecordHeader.Decode(rest.AsSpan(at));
            var plausible = record.Batch > NextSequence
                && record.Sequence >= record.Batch
                && record.Sequence - NextSequence <= rest.Length / RecordHeader.Size
                && record.Length >= 0
                && record.Length <= rest.Length - at - RecordHeader.Size;
            if (plausible && RecordHeader.IsWhole(rest.AsSpan(at, RecordHeader.Size + record.Length), header.Salt))
                return true;
        }
        return false;
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
