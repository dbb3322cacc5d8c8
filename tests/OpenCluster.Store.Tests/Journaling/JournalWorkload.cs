using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Tests.Journaling;

/// <summary>A random life of a journal, and what must be found afterwards.</summary>
internal sealed class JournalWorkload(SimulatedDisk disk, int seed, int steps)
{
    private readonly Random random = new(seed);

    /// <summary>Payloads whose commit returned, in order.</summary>
    public List<string> Acknowledged { get; } = [];

    /// <summary>The batch whose commit has not returned, or of which the journal said that it does not know.</summary>
    public List<string> InDoubt { get; private set; } = [];

    /// <summary>How many commits were refused by the disk.</summary>
    public int Refusals { get; private set; }

    public static JournalOptions Options { get; } = new() { NewGeneration = 7, SegmentBytes = 400 };

    /// <summary>Runs to the end, or until the machine stops.</summary>
    public void Run()
    {
        var journal = TryOpen();
        for (var step = 0; step < steps; step++)
        {
            journal ??= TryOpen();
            if (journal is null)
                continue;
            switch (random.Next(12))
            {
                case 0:
                    Snapshot(journal);
                    break;
                case 1:
                    journal.Dispose();
                    journal = null;
                    break;
                default:
                    Commit(journal, [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => $"{step}.{i} {new string('x', random.Next(60))}")]);
                    break;
            }
        }
        journal?.Dispose();
    }

    public static (Journal Journal, List<string> Found) Open(SimulatedDisk disk)
    {
        var replay = new Collected();
        return (Journal.Open(disk, Options, replay), replay.Payloads);
    }

    public static void Commit(Journal journal, string payload)
    {
        journal.Append(System.Text.Encoding.UTF8.GetBytes(payload));
        journal.Commit();
    }

    private void Commit(Journal journal, List<string> batch)
    {
        var unknownBefore = InDoubt;
        InDoubt = [.. unknownBefore, .. batch];
        try
        {
            foreach (var payload in batch)
                journal.Append(System.Text.Encoding.UTF8.GetBytes(payload));
            // Whatever was in doubt has been taken back before this batch could begin.
            InDoubt = batch;
            journal.Commit();
            Acknowledged.AddRange(batch);
            InDoubt = [];
        }
        catch (JournalWriteException refused)
        {
            Refusals++;
            var begun = ReferenceEquals(InDoubt, batch);
            InDoubt = begun && refused.OutcomeUnknown ? batch : begun ? [] : unknownBefore;
        }
    }

    private void Snapshot(Journal journal)
    {
        try
        {
            using var snapshot = journal.BeginSnapshot();
            foreach (var payload in Acknowledged)
                snapshot.Append(System.Text.Encoding.UTF8.GetBytes(payload));
            snapshot.Complete();
        }
        catch (JournalWriteException)
        {
            Refusals++;
        }
    }

    private Journal? TryOpen()
    {
        try
        {
            var (journal, found) = Open(disk);
            // A batch in doubt that the disk had after all counts from now on: it has been shown.
            Check(found);
            Acknowledged.AddRange(found.Skip(Acknowledged.Count));
            InDoubt = [];
            return journal;
        }
        catch (JournalWriteException)
        {
            Refusals++;
            return null;
        }
    }

    /// <summary>Everything acknowledged is there; after it at most a beginning of the batch in doubt; nothing else.</summary>
    public void Check(List<string> found)
    {
        Assert.Equal(Acknowledged, found.Take(Acknowledged.Count));
        var more = found.Skip(Acknowledged.Count).ToList();
        Assert.Equal(InDoubt.Take(more.Count), more);
    }

    private sealed class Collected : IJournalReplay
    {
        public List<string> Payloads { get; } = [];

        public void Snapshot(ReadOnlySpan<byte> payload) => Payloads.Add(System.Text.Encoding.UTF8.GetString(payload));

        public void Record(long sequence, ReadOnlySpan<byte> payload) => Payloads.Add(System.Text.Encoding.UTF8.GetString(payload));
    }
}
