using OpenCluster.Data.Durability;
using OpenCluster.Store.Tests.Journaling;

namespace OpenCluster.Data.Tests.Durability;

public sealed class FullDiskTests
{
    [Fact]
    public void A_full_disk_refuses_writes_and_not_reads_and_goes_on_by_itself_when_there_is_room()
    {
        var disk = new SimulatedDisk(new Random(1)) { CapacityBytes = 4000 };
        var told = new List<string>();
        // Synced by nobody: the simulated disk belongs to one thread.
        using var host = DataHost.Start(new DataOptions { Port = 0, Fsync = FsyncPolicy.No }, TimeProvider.System, told.Add, disk);
        using var client = new DataClient(host.Port);
        using var writer = new DataClient(host.Port);
        var written = 0;
        while (written < 100)
        {
            writer.Send("set", $"k{written}", new string('v', 100));
            // The one that does not fit is answered when it does. Whoever asks after it asks in a later batch than the one that failed.
            client.Ask("ping");
            if (client.Ask("info", "persistence").Text.Contains("aof_last_write_status:err", StringComparison.Ordinal)) break;
            Assert.Equal("OK", writer.Read().Text);
            written++;
        }
        Assert.InRange(written, 5, 99);
        Assert.StartsWith("MISCONF Writes are refused, reads go on: The disk of /disk is full.", client.Ask("set", "k", "v").Text, StringComparison.Ordinal);
        Assert.Equal(new string('v', 100), client.Ask("get", "k0").Text);

        disk.CapacityBytes = 100_000;
        Assert.Equal("OK", writer.Read().Text);
        Waiting.Until(() => !client.Ask("set", "k", "v").IsError);
        Assert.Contains(told, line => line.StartsWith("Writes are refused from now on", StringComparison.Ordinal));
        Assert.Contains("The log takes writes again.", told);
    }
}
