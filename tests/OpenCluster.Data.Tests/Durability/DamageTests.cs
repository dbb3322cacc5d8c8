using OpenCluster.Data.Durability;
using OpenCluster.Store;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data.Tests.Durability;

public sealed class DamageTests
{
    [Fact]
    public void A_torn_tail_is_cut_and_told()
    {
        using var directory = new TemporaryDirectory();
        Fill(directory.Path, 100);
        var segment = Segment(directory.Path);
        using (var file = File.OpenWrite(segment))
        {
            file.Seek(0, SeekOrigin.End);
            file.Write("half a record"u8);
        }
        var told = new List<string>();
        using var host = DataHost.Start(Options(directory.Path), TimeProvider.System, told.Add);
        using var client = new DataClient(host.Port);
        Assert.Equal(100, client.Ask("dbsize").Integer);
        Assert.Contains(told, line => line.Contains("was cut at byte", StringComparison.Ordinal));
    }

    [Fact]
    public void Damage_is_refused_with_its_place_and_a_repair_keeps_what_was_before_it()
    {
        using var directory = new TemporaryDirectory();
        Fill(directory.Path, 100);
        var segment = Segment(directory.Path);
        var bytes = File.ReadAllBytes(segment);
        bytes[bytes.Length / 2] ^= 0x40;
        File.WriteAllBytes(segment, bytes);

        var damaged = Assert.Throws<JournalDamagedException>(() => DataHost.Start(Options(directory.Path), TimeProvider.System, _ => { }));
        Assert.InRange(damaged.Offset, 1, bytes.Length / 2);
        Assert.Equal(bytes, File.ReadAllBytes(segment));

        var told = new List<string>();
        DataRepair.Run(directory.Path, TimeProvider.System, told.Add);
        Assert.Contains(told, line => line.Contains($"byte {damaged.Offset}", StringComparison.Ordinal));
        Assert.Equal(bytes, File.ReadAllBytes(segment + JournalRepair.Suffix));

        using var host = DataHost.Start(Options(directory.Path), TimeProvider.System, _ => { });
        using var client = new DataClient(host.Port);
        Assert.InRange(client.Ask("dbsize").Integer, 10, 99);
        Assert.Equal("\"v0\"", client.Ask("get", "k0").ToString());
    }

    [Fact]
    public void Two_servers_or_a_repair_cannot_be_in_one_directory()
    {
        using var directory = new TemporaryDirectory();
        using var host = DataHost.Start(Options(directory.Path), TimeProvider.System, _ => { });
        Assert.Throws<StoreInUseException>(() => DataHost.Start(Options(directory.Path), TimeProvider.System, _ => { }));
        Assert.Throws<StoreInUseException>(() => DataRepair.Run(directory.Path, TimeProvider.System, _ => { }));
    }

    private static DataOptions Options(string directory) => new() { Port = 0, Directory = directory };

    private static string Segment(string directory) => Assert.Single(Directory.GetFiles(directory), f => new FileInfo(f).Length > 1000);

    /// <summary>One record for each key: the client waits for every answer.</summary>
    private static void Fill(string directory, int keys)
    {
        using var host = DataHost.Start(Options(directory) with { Fsync = FsyncPolicy.Always }, TimeProvider.System, _ => { });
        using var client = new DataClient(host.Port);
        for (var i = 0; i < keys; i++) client.Ask("set", $"k{i}", $"v{i}");
    }
}
