using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Spaces;
using OpenCluster.Resp;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data.Durability;

/// <summary>
/// One snapshot of all spaces as they are at its beginning, written while commands go on, so that the log before it can go. (1) a spare
/// segment is made, which may wait for the disk; (2) under the gate the log goes over to it, and every entry counts as unsaved; (3) a
/// thread walks through the buckets, a fraction of a millisecond under the gate at a time, and writes what it found outside it; (4) whatever
/// is about to change before the walk has reached it is saved first, by <see cref="Save"/>; (5) the file is synced and replaces the log before it.
/// </summary>
internal sealed class SnapshotRun
{
    /// <summary>How long commands are kept waiting at a time; what one entry takes comes on top.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(0.5);

    /// <summary>A payload is closed once it is this large; one more value still fits into the journal's bound.</summary>
    private const int PartBytes = 1024 * 1024;

    /// <summary>Buckets looked at between two looks at the clock.</summary>
    private const int BucketsPerLook = 16;

    private readonly Executor executor;
    private readonly DataLog log;
    private readonly List<Space> spaces;
    private readonly Action writePart;
    private RespWriter filling = new();
    private RespWriter writing = new();

    /// <summary>Where payloads end in <see cref="filling"/>.</summary>
    private List<int> ends = [];
    private List<int> writingEnds = [];
    private Space? begun;
    private int space;
    private long bucket;

    private SnapshotRun(Executor executor, DataLog log)
    {
        (this.executor, this.log) = (executor, log);
        spaces = [.. executor.Spaces.All];
        writePart = NextPart;
    }

    /// <summary>Takes a snapshot; blocks for as long as it takes, so it wants a thread of its own.</summary>
    /// <returns>Bytes of the snapshot; null when the disk does not take it, and everything is as it was.</returns>
    public static long? Take(Executor executor, DataLog log, IDirectory directory)
    {
        try
        {
            using var spare = SpareSegment.Create(directory, log.Journal.Generation);
            return new SnapshotRun(executor, log).Run(spare);
        }
        catch (JournalWriteException refused)
        {
            log.Tell($"No snapshot: {refused.Message}");
            return null;
        }
    }

    /// <summary>Saves an entry that is about to change. Under the gate.</summary>
    public void Save(Space of, Entry entry)
    {
        if (begun != of)
        {
            ClosePart();
            begun = of;
            SnapshotCodec.Begin(filling, of);
        }
        SnapshotCodec.Write(filling, entry, of.Keys.Arena, writePart);
        if (filling.Length - (ends.Count > 0 ? ends[^1] : 0) > PartBytes) ClosePart();
    }

    private long? Run(SpareSegment spare)
    {
        SnapshotWriter? file;
        long position;
        lock (executor.Gate)
        {
            var began = executor.Time.GetTimestamp();
            log.Flush();
            // What could not be written keeps its place in the log; the snapshot has to wait until it is.
            if (log.Journal.UnwrittenBytes > 0) return null;
            position = log.Journal.NextSequence;
            file = log.Journal.BeginSnapshot(spare);
            foreach (var of in spaces) of.Keys.BeginSnapshot();
            executor.Snapshot = this;
            Stopped(began);
        }
        using (file)
        {
            try
            {
                for (var goesOn = true; goesOn;)
                {
                    goesOn = Walk();
                    Write(file);
                }
                file.Complete();
            }
            finally
            {
                // A snapshot that failed still ends as one that did not: nothing may be left that counts as unsaved.
                while (executor.Snapshot is not null) Walk();
                filling.Dispose();
                writing.Dispose();
            }
        }
        lock (executor.Gate)
        {
            log.Replaced(position);
            executor.SnapshotsTaken++;
            executor.LastSnapshotAt = executor.Time.GetUtcNow().ToUnixTimeMilliseconds();
        }
        return file.SizeBytes;
    }

    /// <summary>One slice under the gate; false when it was the last.</summary>
    private bool Walk()
    {
        lock (executor.Gate)
        {
            var began = executor.Time.GetTimestamp();
            while (space < spaces.Count && executor.Time.GetElapsedTime(began) < Slice) WalkBuckets(spaces[space]);
            var isLast = space == spaces.Count;
            if (isLast && executor.Snapshot is not null)
            {
                foreach (var of in spaces) of.Keys.EndSnapshot();
                executor.Snapshot = null;
            }
            ClosePart();
            (filling, writing, ends, writingEnds) = (writing, filling, writingEnds, ends);
            filling.Clear();
            ends.Clear();
            Stopped(began);
            return !isLast;
        }
    }

    private unsafe void WalkBuckets(Space of)
    {
        for (var i = 0; i < BucketsPerLook; i++)
        {
            if (bucket >= of.Keys.Index.Buckets)
            {
                (space, bucket) = (space + 1, 0);
                return;
            }
            for (var line = of.Keys.Index.BucketAt(bucket++); line != null; line = EntryIndex.Overflow(line))
            {
                for (var slot = 0; slot < EntryIndex.SlotsPerBucket; slot++)
                {
                    if (line[slot] == 0) continue;
                    var entry = EntryIndex.EntryAt(line + slot);
                    if (of.Keys.IsSaved(entry)) continue;
                    Save(of, entry);
                    of.Keys.MarkSaved(entry);
                }
            }
        }
    }

    private void ClosePart()
    {
        if (begun is null) return;
        ends.Add(filling.Length);
        begun = null;
    }

    /// <summary>In the middle of a collection.</summary>
    private void NextPart()
    {
        var of = begun!;
        ends.Add(filling.Length);
        SnapshotCodec.Begin(filling, of);
    }

    private void Write(SnapshotWriter file)
    {
        var start = 0;
        foreach (var end in writingEnds)
        {
            file.Append(writing.Written[start..end]);
            start = end;
        }
    }

    private void Stopped(long began)
    {
        var stop = executor.Time.GetElapsedTime(began);
        if (stop > executor.LongestSnapshotStop) executor.LongestSnapshotStop = stop;
    }
}
