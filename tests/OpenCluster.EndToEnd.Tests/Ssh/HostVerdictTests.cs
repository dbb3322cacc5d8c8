using OpenCluster.Ssh;

namespace OpenCluster.EndToEnd.Tests.Ssh;

public class HostVerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly HostFacts Good = new()
    {
        System = "debian 12",
        Architecture = "x86_64",
        MemoryBytes = 1L << 30,
        DiskBytes = 10L << 30,
        Systemd = true,
        Root = true,
    };

    [Fact]
    public void A_bare_debian_host_can_be_a_server() => Assert.Equal((0, 0), Of(Good));

    [Fact]
    public void What_is_unusual_is_said_and_does_not_forbid() => Assert.Equal((0, 4), Of(Good with { System = "alpine 3.20", MemoryBytes = 300L << 20, DiskBytes = 1L << 30, ClockAhead = TimeSpan.FromSeconds(20) }));

    [Fact]
    public void Everything_that_forbids_is_said_at_once()
    {
        var facts = Good with { Root = false, Architecture = "aarch64", Systemd = false, MemoryBytes = 1 << 20, DiskBytes = 1 << 20, ClockAhead = TimeSpan.FromHours(-1), Lacking = ["setpriv"], Listening = new HashSet<int> { 7400 } };
        var verdict = HostVerdict.Of(facts, [7400]);
        Assert.Equal(8, verdict.Obstacles.Count);
        Assert.Contains(verdict.Obstacles, o => o.Contains("3600 s behind", StringComparison.Ordinal));
        Assert.Contains(verdict.Obstacles, o => o.Contains("port 7400", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_host_prints_is_read_and_its_clock_compared_with_when_it_was_asked()
    {
        var facts = HostFacts.Parse(
            $"root=yes\nsystem=ubuntu 24.04\narchitecture=x86_64\nmemory=1024\ndisk=2048\nclock={Now.AddSeconds(30).ToUnixTimeSeconds()}.5\nsystemd=yes\nlistening=1CE8\nserver=srv-3\nexecutable=abc\n",
            (Now, Now.AddSeconds(1)));
        Assert.Equal(("ubuntu 24.04", 1L << 20, 2L << 20, true, "srv-3", "abc"), (facts.System, facts.MemoryBytes, facts.DiskBytes, facts.Root, facts.Server, facts.Executable));
        Assert.Equal([7400], facts.Listening);
        Assert.Equal(TimeSpan.FromSeconds(29.5), facts.ClockAhead);
        Assert.Equal(TimeSpan.Zero, HostFacts.Parse($"clock={Now.ToUnixTimeSeconds()}.5", (Now, Now.AddSeconds(1))).ClockAhead);
    }

    private static (int Obstacles, int Doubts) Of(HostFacts facts) => HostVerdict.Of(facts, [7400]) is var verdict ? (verdict.Obstacles.Count, verdict.Doubts.Count) : default;
}
