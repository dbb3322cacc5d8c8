namespace OpenCluster.Store.Journaling;

/// <summary>
/// Reads the files of a journal in the order of their records, hands them to a replay, and finds where to go on.
/// It changes nothing on disk until everything has been found whole, so a refusal leaves the evidence as it was.
/// </summary>
internal sealed class JournalOpening(IDirectory directory, IJournalReplay replay)
{
    private const int RewriteBytes = 1024 * 1024;

    private readonly List<string> leftovers = [];
    private long next = 1;

    /// <summary>The segment to go on with, or null when there is none yet.</summary>
    public Found? Active { get; private set; }

    public long? Generation { get; private set; }

    public CutTail? Tail { get; private set; }

    /// <summary>Bytes of records after the newest snapshot.</summary>
    public long BytesSinceSnapshot { get; private set; }

    public long NextSequence => next;

    /// <param name="File">Open; the caller's to dispose.</param>
    /// <param name="Header">As read.</param>
    /// <param name="WholeBytes">What lies beyond was never acknowledged and is to be cut.</param>
    /// <param name="UnprovenFrom">Nothing on disk says that what follows was synced.</param>
    internal sealed record Found(IFile File, FileHeader Header, long WholeBytes, long UnprovenFrom);

    public void Run()
    {
        var names = directory.List();
        leftovers.AddRange(names.Where(name => name.EndsWith(FileNames.TemporarySuffix, StringComparison.Ordinal)));
        var snapshots = names.Where(name => FileNames.TrySnapshot(name, out _)).Order(StringComparer.Ordinal).ToList();
        var segments = names.Where(name => FileNames.TrySegment(name, out _)).Order(StringComparer.Ordinal).ToList();

        if (snapshots.Count > 0)
        {
            leftovers.AddRange(snapshots[..^1]);
            ReadSnapshot(snapshots[^1]);
            // The snapshot stands in for every record before it; these were to be deleted when the machine stopped.
            leftovers.AddRange(segments.Where(name => FileNames.TrySegment(name, out var first) && first < next));
            segments.RemoveAll(leftovers.Contains);
            if (segments.Count == 0)
                throw Damaged(FileNames.Segment(next), 0, "the segment that follows the snapshot is missing");
        }
        for (var i = 0; i < segments.Count && Tail is null; i++)
            ReadSegment(segments[i], [.. segments.Skip(i + 1)]);
    }

    /// <summary>Cuts the tail, deletes what is no longer needed, and makes all that was replayed as durable as it was taken for.</summary>
    public void Settle()
    {
        if (Active is { } active)
        {
            if (active.File.Length > active.WholeBytes)
                active.File.Truncate(active.WholeBytes);
            // Written once more, not only synced: should a sync of it have failed before the last process ended, the system
            // may hold these bytes in memory, count them as written, and have nothing left to sync.
            var part = new byte[Math.Min(RewriteBytes, active.WholeBytes - active.UnprovenFrom)];
            for (var at = active.UnprovenFrom; at < active.WholeBytes; at += part.Length)
            {
                var unproven = part.AsSpan(0, (int)Math.Min(part.Length, active.WholeBytes - at));
                active.File.Read(unproven, at);
                active.File.Write(unproven, at);
            }
            active.File.Sync();
        }
        foreach (var name in leftovers)
            directory.Delete(name);
        directory.Sync();
    }

    private void ReadSnapshot(string name)
    {
        using var file = directory.Open(name);
        var header = ReadHeader(file, name, FileKind.Snapshot)
            ?? throw Damaged(name, 0, "the file's header is not whole");
        var reader = new RecordReader(file, header, first: 1);
        while (reader.TryRead(out var payload))
            replay.Snapshot(payload);
        // A snapshot gets its name only when it has been synced whole, so nothing in it may be missing.
        if (reader.Problem is { } problem)
            throw Damaged(name, reader.Offset, problem);
        if (!reader.EndsWithMark)
            throw Damaged(name, reader.Offset, "the snapshot ends before its end");
        next = header.Sequence;
    }

    /// <param name="name">The segment.</param>
    /// <param name="later">Those after it. They may be begun before this one is synced, so what is torn here takes them along.</param>
    private void ReadSegment(string name, IReadOnlyList<string> later)
    {
        var file = directory.Open(name);
        try
        {
            if (ReadHeader(file, name, FileKind.Segment) is not { } header)
            {
                // Records are written only once the header is synced. A file no longer than a header never held one.
                if (later.Count > 0 || file.Length > FileHeader.Size)
                    throw Damaged(name, 0, "the file's header is not whole");
                Tail = new CutTail(PathOf(name), 0, file.Length, "the segment was being created");
                leftovers.Add(name);
                file.Dispose();
                return;
            }
            if (FileNames.SequenceOf(name) != next)
                throw Damaged(name, 0, $"it starts at record {FileNames.SequenceOf(name)}, but record {next} is what follows; a segment is missing");

            var reader = new RecordReader(file, header, next);
            while (reader.TryRead(out var payload))
                replay.Record(reader.NextSequence - 1, payload);
            next = reader.NextSequence;
            BytesSinceSnapshot += reader.Offset - FileHeader.Size;
            if (reader.Problem is { } problem)
            {
                if (reader.LaterRecordProves(next) || later.Any(other => ProvesSynced(other, next)))
                    throw Damaged(name, reader.Offset, problem);
                Tail = new CutTail(PathOf(name), reader.Offset, file.Length - reader.Offset, problem);
                leftovers.AddRange(later);
            }
            Active?.File.Dispose();
            Active = new Found(file, header, reader.Offset, reader.UnprovenFrom);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether any record of a segment says that everything up to and with <paramref name="sequence"/> was synced when it was written.</summary>
    private bool ProvesSynced(string name, long sequence)
    {
        using var file = directory.Open(name);
        return ReadHeader(file, name, FileKind.Segment) is { } header && new RecordReader(file, header, FileNames.SequenceOf(name)).LaterRecordProves(sequence);
    }

    private FileHeader? ReadHeader(IFile file, string name, FileKind kind)
    {
        if (FileHeader.Read(file, PathOf(name)) is not { } header)
            return null;
        _ = kind == FileKind.Segment ? FileNames.TrySegment(name, out var named) : FileNames.TrySnapshot(name, out named);
        var sequence = kind == FileKind.Segment && header.Sequence == FileHeader.SequenceInName ? named : header.Sequence;
        if (header.Kind != kind || sequence != named)
            throw Damaged(name, 0, "its header belongs to a file of another name");
        if (Generation is { } generation && header.Generation != generation)
            throw Damaged(name, 0, $"it is of generation {header.Generation}, the files before it of {generation}");
        Generation = header.Generation;
        return header;
    }

    private string PathOf(string name) => Path.Combine(directory.Path, name);

    private JournalDamagedException Damaged(string name, long offset, string problem) => new(PathOf(name), offset, problem);
}
