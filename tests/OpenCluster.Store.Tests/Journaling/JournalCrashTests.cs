namespace OpenCluster.Store.Tests.Journaling;

/// <summary>The machine stops, or the disk fails, at every single operation of a journal's life.</summary>
public sealed class JournalCrashTests
{
    private const int Steps = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_was_acknowledged_is_found_when_the_power_goes_at_any_operation(int seed)
    {
        for (var stop = 0; stop < OperationsOf(seed); stop++)
        {
            for (var luck = 0; luck < 4; luck++)
            {
                var (disk, workload) = StoppedAt(stop, seed, luck);
                disk.LosePower();
                CheckAndGoOn(disk, workload);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_was_acknowledged_is_found_when_the_power_goes_again_while_it_is_being_recovered(int seed)
    {
        for (var stop = 0; stop < OperationsOf(seed); stop += 3)
        {
            for (var again = 0; again < 8; again++)
            {
                var (disk, workload) = StoppedAt(stop, seed, luck: again);
                disk.LosePower();
                disk.StopAt = disk.Operations + again;
                try
                {
                    JournalWorkload.Open(disk);
                }
                catch (MachineStopped)
                {
                    // What this test is about.
                }
                disk.LosePower();
                CheckAndGoOn(disk, workload);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_was_acknowledged_is_found_when_the_process_alone_is_killed(int seed)
    {
        for (var stop = 0; stop < OperationsOf(seed); stop++)
        {
            var (disk, workload) = StoppedAt(stop, seed, luck: 0);
            disk.KillProcess();
            CheckAndGoOn(disk, workload);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 9)]
    public void The_journal_goes_on_after_operations_that_fail_and_keeps_what_it_acknowledged(int seed, int failures)
    {
        var refusals = 0;
        for (var first = 0; first < OperationsOf(seed); first++)
        {
            for (var luck = 0; luck < 3; luck++)
            {
                var disk = new SimulatedDisk(new Random(luck)) { Fails = number => number >= first && number < first + failures };
                var workload = new JournalWorkload(disk, seed, Steps);
                workload.Run();
                refusals += workload.Refusals;
                disk.LosePower();
                CheckAndGoOn(disk, workload);
            }
        }
        Assert.True(refusals > 0);
    }

    [Fact]
    public void A_failing_disk_and_then_a_loss_of_power_lose_nothing_acknowledged()
    {
        var random = new Random(99);
        for (var round = 0; round < 3000; round++)
        {
            var flaky = new Random(round);
            var disk = new SimulatedDisk(new Random(round)) { Fails = _ => flaky.Next(8) == 0, StopAt = random.Next(250) };
            var workload = new JournalWorkload(disk, round % 10, Steps);
            Stop(workload.Run);
            disk.LosePower();
            CheckAndGoOn(disk, workload);
        }
    }

    /// <summary>Finds what must be there, commits one more, loses power, and finds that too.</summary>
    private static void CheckAndGoOn(SimulatedDisk disk, JournalWorkload workload)
    {
        var (journal, found) = JournalWorkload.Open(disk);
        workload.Check(found);
        JournalWorkload.Commit(journal, "one more");
        disk.LosePower();
        var (reopened, again) = JournalWorkload.Open(disk);
        Assert.Equal([.. found, "one more"], again);
        reopened.Dispose();
    }

    private static (SimulatedDisk Disk, JournalWorkload Workload) StoppedAt(int stop, int seed, int luck)
    {
        var disk = new SimulatedDisk(new Random((luck * 1000) + stop)) { StopAt = stop };
        var workload = new JournalWorkload(disk, seed, Steps);
        Stop(workload.Run);
        return (disk, workload);
    }

    private static int OperationsOf(int seed)
    {
        var disk = new SimulatedDisk(new Random(0));
        new JournalWorkload(disk, seed, Steps).Run();
        Assert.InRange(disk.Operations, 100, 1000);
        return disk.Operations;
    }

    private static void Stop(Action life)
    {
        try
        {
            life();
        }
        catch (MachineStopped)
        {
            // The life ends here; what counts is what the disk has.
        }
    }
}
