using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Tests.Journaling;

/// <summary>A disk that is full or read-only: a typed error, nothing lost, and on it goes.</summary>
public sealed class JournalDiskTests
{
    [Fact]
    public void A_full_disk_refuses_commits_until_there_is_room_again()
    {
        for (var capacity = 41; capacity < 1200; capacity += 7)
        {
            var disk = new SimulatedDisk(new Random(capacity)) { CapacityBytes = capacity };
            var (journal, _) = JournalWorkload.Open(disk);
            var kept = new List<string>();
            JournalWriteException? refused = null;
            for (var i = 0; refused is null; i++)
            {
                refused = (JournalWriteException?)Record.Exception(() => JournalWorkload.Commit(journal, $"before {i}"));
                if (refused is null)
                    kept.Add($"before {i}");
            }
            Assert.Equal(JournalWriteFailure.DiskFull, refused.Failure);
            Assert.False(refused.OutcomeUnknown);
            Assert.Contains("full", refused.Message, StringComparison.Ordinal);
            Assert.Throws<JournalWriteException>(() => JournalWorkload.Commit(journal, new string('x', 100)));

            disk.CapacityBytes = long.MaxValue;
            JournalWorkload.Commit(journal, "after");
            disk.LosePower();
            Assert.Equal([.. kept, "after"], JournalWorkload.Open(disk).Found);
        }
    }

    [Fact]
    public void A_disk_that_turns_read_only_is_named_and_the_journal_goes_on_when_it_turns_back()
    {
        var disk = new SimulatedDisk(new Random(1));
        var (journal, _) = JournalWorkload.Open(disk);
        JournalWorkload.Commit(journal, "before");
        disk.IsReadOnly = true;
        var refused = Assert.Throws<JournalWriteException>(() => JournalWorkload.Commit(journal, "meanwhile"));
        Assert.Equal(JournalWriteFailure.ReadOnly, refused.Failure);
        disk.IsReadOnly = false;
        JournalWorkload.Commit(journal, "after");
        journal.Dispose();
        Assert.Equal(["before", "after"], JournalWorkload.Open(disk).Found);

        disk.IsReadOnly = true;
        refused = Assert.Throws<JournalWriteException>(() => JournalWorkload.Open(disk));
        Assert.Equal(JournalWriteFailure.ReadOnly, refused.Failure);
    }

    [Fact]
    public void A_real_directory_keeps_a_journal_with_segments_and_snapshots()
    {
        using var temporary = new TemporaryDirectory();
        var path = Path.Combine(temporary.Path, "journal");
        var directory = DiskDirectory.OpenOrCreate(path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(path).UnixFileMode);
        var replay = new Counting();
        using (var journal = Journal.Open(directory, JournalWorkload.Options, replay))
        {
            for (var i = 0; i < 50; i++)
                JournalWorkload.Commit(journal, $"record {i}");
            Assert.True(directory.List().Count > 3);
            using var snapshot = journal.BeginSnapshot();
            snapshot.Append("all of it"u8);
            snapshot.Complete();
            JournalWorkload.Commit(journal, "one more");
        }
        Assert.Equal(2, directory.List().Count);
        using var reopened = Journal.Open(DiskDirectory.OpenOrCreate(path), JournalWorkload.Options with { NewGeneration = 8 }, replay);
        Assert.Equal((1, 1), (replay.Snapshots, replay.Records));
        Assert.Equal((7, 52), (reopened.Generation, reopened.NextSequence));
        Assert.Null(reopened.Tail);
    }

    private sealed class Counting : IJournalReplay
    {
        public int Snapshots { get; private set; }

        public int Records { get; private set; }

        public void Snapshot(ReadOnlySpan<byte> payload) => Snapshots++;

        public void Record(long sequence, ReadOnlySpan<byte> payload) => Records++;
    }
}
