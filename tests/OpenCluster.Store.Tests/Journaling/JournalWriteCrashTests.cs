using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Tests.Journaling;

/// <summary>An owner who writes without waiting and syncs beside (as the data server does): what a sync covered is there, in order, with nothing between missing.</summary>
public sealed class JournalWriteCrashTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_a_sync_covered_is_found_when_the_power_goes_at_any_operation(int seed)
    {
        var operations = Life(new SimulatedDisk(new Random(seed)), seed).Disk.Operations;
        for (var stop = 0; stop < operations; stop++)
        {
            var disk = new SimulatedDisk(new Random(seed * 1000 + stop)) { StopAt = stop };
            var (_, written, synced) = Life(disk, seed);
            disk.LosePower();
            Check(disk, written, synced);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void All_that_was_written_is_found_when_the_process_alone_is_killed(int seed)
    {
        var operations = Life(new SimulatedDisk(new Random(seed)), seed).Disk.Operations;
        for (var stop = 0; stop < operations; stop++)
        {
            var disk = new SimulatedDisk(new Random(seed)) { StopAt = stop };
            var (_, written, _) = Life(disk, seed);
            disk.KillProcess();
            // The write during which it was killed may be there in part, and is then no record.
            Check(disk, written, Math.Max(0, written - 1));
        }
    }

    private static void Check(SimulatedDisk disk, int written, int synced)
    {
        var (journal, found) = JournalWorkload.Open(disk);
        journal.Dispose();
        Assert.InRange(found.Count, synced, written);
        Assert.Equal(Enumerable.Range(0, found.Count).Select(i => $"{i}"), found.Select(f => f.TrimEnd('x')));
    }

    /// <summary>Writes records numbered from 0, syncs now and then, and once goes over to a segment made beforehand.</summary>
    private static (SimulatedDisk Disk, int Written, int Synced) Life(SimulatedDisk disk, int seed)
    {
        var random = new Random(seed);
        var (written, synced) = (0, 0);
        try
        {
            var (journal, _) = JournalWorkload.Open(disk);
            JournalSync? running = null;
            var covered = 0;
            for (var step = 0; step < Steps; step++)
            {
                switch (random.Next(4))
                {
                    case 0 when running is null:
                        (running, covered) = (journal.BeginSync(), written);
                        break;
                    case 0:
                        running.Run();
                        journal.CompleteSync(running);
                        (running, synced) = (null, covered);
                        break;
                    default:
                        journal.Append(System.Text.Encoding.UTF8.GetBytes(written++ + new string('x', random.Next(40))));
                        journal.Write();
                        break;
                }
            }
        }
        catch (MachineStopped)
        {
            // What these tests are about.
        }
        return (disk, written, synced);
    }
}
