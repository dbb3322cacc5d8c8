using System.Buffers;
using System.Security.Cryptography;

namespace OpenCluster.Store.Journaling;

/// <summary>
/// An append-only log of opaque records in segment files, with snapshots that let old segments go.
/// One owner, one thread at a time.
/// </summary>
/// <remarks>
/// What is promised: when <see cref="Commit"/> has returned, its records are found again, whole and in order, after a crash
/// or a loss of power at any moment. A record damaged later is named and refused, never passed over; the only thing ever cut
/// is a tail of the last segment of which nothing on disk says that its sync returned. After each sync a mark that says so is
/// written, and it becomes durable with the next sync, when the journal is closed, or when the system writes it back by itself.
/// So the one case that looks like a torn tail and is not: power is lost before that, <em>and</em> the disk damages the very
/// last batch. It is cut and reported then (<see cref="Tail"/>), because nothing on disk can tell it from a torn one. And what
/// no journal can see by itself is a last segment that was shortened, from outside, exactly between two records.
/// </remarks>
public sealed class Journal : IDisposable
{
    private readonly IDirectory directory;
    private readonly JournalOptions options;
    private readonly ArrayBufferWriter<byte> batch = new(64 * 1024);
    private IFile segment;
    private long segmentFirst;
    private uint salt;

    /// <summary>How much of the segment is known to be synced.</summary>
    private long synced;

    /// <summary>Where the next batch goes: after the mark that follows what is synced.</summary>
    private long end;

    /// <summary>The first sequence of the batch that is being gathered: everything below it is synced.</summary>
    private long batchStart;

    /// <summary>Set while the disk may hold something beyond <see cref="synced"/> that was never acknowledged.</summary>
    private bool needsRepair;

    /// <summary>The sequence after the last record that <see cref="Write"/> has written.</summary>
    private long writtenNext;

    /// <summary>Segments that were left with records in them that no sync has covered yet.</summary>
    private readonly List<IFile> behind = [];

    /// <summary>Set while the name of the segment is not durable.</summary>
    private bool nameUnsynced;

    /// <summary>A segment whose creation failed and that has to go before the journal does on.</summary>
    private string? strayName;

    private Journal(IDirectory directory, JournalOptions options, JournalOpening opening, JournalOpening.Found active)
    {
        this.directory = directory;
        this.options = options;
        Tail = opening.Tail;
        BytesSinceSnapshot = opening.BytesSinceSnapshot;
        Generation = active.Header.Generation;
        batchStart = writtenNext = NextSequence = opening.NextSequence;
        segment = active.File;
        segmentFirst = active.Header.Sequence;
        salt = active.Header.Salt;
        synced = end = active.WholeBytes;
    }

    /// <summary>Written when the journal was created; opaque here.</summary>
    public long Generation { get; }

    /// <summary>The sequence that the next record gets; the first record has 1.</summary>
    public long NextSequence { get; private set; }

    /// <summary>What was cut off when the journal was opened; null when it was whole.</summary>
    public CutTail? Tail { get; }

    /// <summary>How much there is to replay after the newest snapshot.</summary>
    public long BytesSinceSnapshot { get; private set; }

    /// <summary>Opens the journal in <paramref name="directory"/>, or creates it, and replays what it holds.</summary>
    /// <exception cref="JournalDamagedException">Something that had been synced is not there as it was written.</exception>
    /// <exception cref="JournalVersionException">A newer program wrote it.</exception>
    /// <exception cref="JournalWriteException">The directory cannot be written.</exception>
    public static Journal Open(IDirectory directory, JournalOptions options, IJournalReplay replay)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(replay);
        var opening = new JournalOpening(directory, replay);
        try
        {
            opening.Run();
            opening.Settle();
            var generation = opening.Generation ?? options.NewGeneration;
            var active = opening.Active ?? CreateSegment(directory, generation, opening.NextSequence);
            var journal = new Journal(directory, options, opening, active);
            journal.Mark();
            return journal;
        }
        catch (Exception error)
        {
            opening.Active?.File.Dispose();
            if (JournalWriteException.IsWriteError(error))
                throw JournalWriteException.From(error, directory.Path, outcomeUnknown: false);
            throw;
        }
    }

    /// <summary>Adds a record of 1 byte to 64 MiB to the batch; it is durable once <see cref="Commit"/> has returned.</summary>
    /// <returns>Its sequence.</returns>
    public long Append(ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfZero(payload.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, RecordHeader.MaxPayload);
        if (batch.WrittenCount == 0)
            Prepare();
        RecordHeader.Write(batch, salt, NextSequence, batchStart, payload);
        return NextSequence++;
    }

    /// <summary>Writes and syncs the batch. One sync for all that was appended: that is the group commit.</summary>
    /// <exception cref="JournalWriteException">None of the batch is committed, and it is forgotten.</exception>
    public void Commit()
    {
        if (batch.WrittenCount == 0)
            return;
        try
        {
            segment.Write(batch.WrittenSpan, end);
            segment.Sync();
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            Forget();
            needsRepair = true;
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: !TryRepair());
        }
        synced = end += batch.WrittenCount;
        BytesSinceSnapshot += batch.WrittenCount;
        batch.ResetWrittenCount();
        batchStart = NextSequence;
        Mark();
    }

    /// <summary>
    /// Writes the batch and leaves it to the system when it reaches the disk: it survives the process, not a loss of power, until a sync
    /// that was begun after it is complete. An owner uses this and <see cref="BeginSync"/>, or <see cref="Commit"/>, not both.
    /// </summary>
    /// <exception cref="JournalWriteException">The batch is kept; the next call tries again.</exception>
    public void Write()
    {
        if (batch.WrittenCount == 0)
            return;
        try
        {
            segment.Write(batch.WrittenSpan, end);
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: true);
        }
        end += batch.WrittenCount;
        writtenNext = NextSequence;
        BytesSinceSnapshot += batch.WrittenCount;
        batch.ResetWrittenCount();
    }

    /// <summary>Bytes of the batch that were appended and not written.</summary>
    public int UnwrittenBytes => batch.WrittenCount;

    /// <summary>Everything written so far, to be synced on a thread that may wait. One at a time.</summary>
    public JournalSync BeginSync() => new(directory, [.. behind, segment], nameUnsynced, end, writtenNext);

    /// <summary>The sync returned: says so on disk, for whoever has to tell damage from a torn tail.</summary>
    public void CompleteSync(JournalSync sync)
    {
        ArgumentNullException.ThrowIfNull(sync);
        batchStart = Math.Max(batchStart, sync.NextSequence);
        if (sync.IncludesNames)
            nameUnsynced = false;
        foreach (var file in behind.Where(sync.Files.Contains).ToList())
        {
            behind.Remove(file);
            file.Dispose();
        }
        if (!sync.Files.Contains(segment) || batch.WrittenCount > 0)
            return;
        synced = sync.End;
        var mark = new ArrayBufferWriter<byte>(RecordHeader.Size);
        RecordHeader.Write(mark, salt, NextSequence, batchStart, []);
        try
        {
            segment.Write(mark.WrittenSpan, end);
            end += mark.WrittenCount;
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            // The records are safe without it, and what it left behind is written over by the next batch, which reports a disk that stays bad.
            return;
        }
    }

    /// <summary>Forgets what was appended and not committed.</summary>
    public void Forget()
    {
        batch.ResetWrittenCount();
        NextSequence = batchStart;
    }

    /// <summary>
    /// Starts a snapshot of the state after the last committed record. Records may go on being committed while it is written.
    /// Once it is complete, the segments it covers are deleted.
    /// </summary>
    /// <exception cref="JournalWriteException">No snapshot; the journal goes on as before.</exception>
    public SnapshotWriter BeginSnapshot()
    {
        if (batch.WrittenCount > 0)
            throw new InvalidOperationException("A batch is open: commit it before taking a snapshot.");
        try
        {
            Repair();
            if (NextSequence > segmentFirst)
                Roll();
            BytesSinceSnapshot = 0;
            return new SnapshotWriter(directory, Generation, NextSequence);
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: false);
        }
    }

    /// <summary>As <see cref="BeginSnapshot()"/>, for an owner that must not wait for the disk: the next segment is there already.</summary>
    /// <param name="spare">Used, or disposed when the segment holds nothing yet.</param>
    public SnapshotWriter BeginSnapshot(SpareSegment spare)
    {
        ArgumentNullException.ThrowIfNull(spare);
        if (batch.WrittenCount > 0)
            throw new InvalidOperationException("A batch is open: write it before taking a snapshot.");
        try
        {
            if (NextSequence > segmentFirst)
            {
                var file = spare.Use(NextSequence);
                behind.Add(segment);
                (segment, segmentFirst, salt) = (file, NextSequence, spare.Header.Salt);
                synced = end = FileHeader.Size;
                nameUnsynced = true;
            }
            spare.Dispose();
            BytesSinceSnapshot = 0;
            return new SnapshotWriter(directory, Generation, NextSequence);
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: false);
        }
    }

    /// <summary>Makes the last mark durable, so that from now on any damage at all is told from a torn tail.</summary>
    public void Dispose()
    {
        try
        {
            foreach (var file in behind)
                file.Sync();
            if (!needsRepair)
                segment.Sync();
            if (nameUnsynced)
                directory.Sync();
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            // Every acknowledged record is synced already; a mark that is not costs nothing but that proof.
            needsRepair = true;
        }
        behind.ForEach(file => file.Dispose());
        segment.Dispose();
    }

    private static JournalOpening.Found CreateSegment(IDirectory directory, long generation, long sequence)
    {
        var name = FileNames.Segment(sequence);
        var header = new FileHeader(FileKind.Segment, generation, sequence, NewSalt());
        var file = directory.Create(name);
        try
        {
            file.Write(header.Encode(), 0);
            file.Sync();
            directory.Sync();
            return new JournalOpening.Found(file, header, WholeBytes: FileHeader.Size, UnprovenFrom: FileHeader.Size);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal static uint NewSalt() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    /// <summary>Before the first record of a batch: a sound tail, and room in the segment.</summary>
    private void Prepare()
    {
        try
        {
            Repair();
            if (end >= options.SegmentBytes && NextSequence > segmentFirst)
                Roll();
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: false);
        }
    }

    private void Roll()
    {
        needsRepair = true;
        // The old segment is whole for ever after, its last mark included.
        segment.Sync();
        strayName = FileNames.Segment(NextSequence);
        var created = CreateSegment(directory, Generation, NextSequence);
        strayName = null;
        needsRepair = false;
        segment.Dispose();
        (segment, segmentFirst, salt) = (created.File, NextSequence, created.Header.Salt);
        synced = end = created.WholeBytes;
    }

    /// <summary>Says on disk that everything so far is synced. Not synced itself: see the class's remarks.</summary>
    private void Mark()
    {
        RecordHeader.Write(batch, salt, NextSequence, NextSequence, []);
        try
        {
            segment.Write(batch.WrittenSpan, end);
            end += batch.WrittenCount;
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            // The records are safe without it. What it left behind is cut before the next batch, which reports a disk that stays bad.
            needsRepair = true;
        }
        batch.ResetWrittenCount();
    }

    private bool TryRepair()
    {
        try
        {
            Repair();
            return true;
        }
        catch (Exception failure) when (JournalWriteException.IsWriteError(failure))
        {
            // The error that matters is the one that made the repair necessary; the next batch tries again and reports its own.
            return false;
        }
    }

    /// <summary>
    /// Takes back what a failed write or sync left behind. The mark goes too: after a failed sync the system may count its
    /// page as written although it is not, and every later sync would pass over the hole that it is.
    /// </summary>
    private void Repair()
    {
        if (!needsRepair)
            return;
        if (strayName is not null)
        {
            if (directory.List().Contains(strayName))
                directory.Delete(strayName);
            directory.Sync();
            strayName = null;
        }
        segment.Truncate(synced);
        segment.Sync();
        end = synced;
        needsRepair = false;
    }
}
