using System.Text.Json;
using OpenCluster.LoadBalancer.Configuration;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Handover;

public sealed class HandoverTests : IDisposable
{
    // As deep as a cluster's directory may lie: a socket's address takes 107 bytes.
    private readonly string _directory = Directory.CreateDirectory(
        Path.Combine(Directory.CreateTempSubdirectory("oc-lb-").FullName, new string('d', 100))).FullName;

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Fact]
    public async Task Restart_under_load_loses_no_request()
    {
        await using var target = new RawTarget(async r =>
        {
            await Task.Delay(2);
            await r.AnswerAsync(200, "good");
        });
        var port = Write(target.Port);
        using var stop = new CancellationTokenSource();
        var hosts = new List<Task> { Start(stop.Token) };
        await Until.TrueAsync(() => File.Exists(Path.Combine(_directory, "handover.sock")), "the first serves");

        var done = false;
        var answered = 0;
        var load = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            while (!Volatile.Read(ref done))
            {
                using var client = new RawClient(port);
                // A new connection each, or kept as long as the balancer lets it.
                for (var kept = 0; kept < (i % 2 == 0 ? 1 : 1000) && !Volatile.Read(ref done); kept++)
                {
                    var answer = await client.GetAsync();
                    Assert.Equal("good", answer.Body);
                    Interlocked.Increment(ref answered);
                    if (answer.Field("Connection") == "close") break;
                }
            }
        })).ToArray();

        await RestartAsync(5, hosts, () => Volatile.Read(ref answered), load, stop.Token);
        Volatile.Write(ref done, true);
        await Task.WhenAll(load);
        await stop.CancelAsync();
        await Task.WhenAll(hosts).WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Restart_under_load_of_HTTP_2_loses_no_request()
    {
        await using var target = new RawTarget(async r =>
        {
            await Task.Delay(2);
            await r.BodyAsync();
            await r.AnswerAsync(200, "good");
        });
        var port = Write(target.Port);
        using var stop = new CancellationTokenSource();
        var hosts = new List<Task> { Start(stop.Token) };
        await Until.TrueAsync(() => File.Exists(Path.Combine(_directory, "handover.sock")), "the first serves");

        using var client = new HttpClient { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var (done, answered) = (false, 0);
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref done))
            {
                // Which an HTTP client may not repeat by itself once it was looked at.
                using var answer = await client.PostAsync($"http://127.0.0.1:{port}/", new StringContent("hello"));
                Assert.Equal("good", await answer.Content.ReadAsStringAsync());
                Interlocked.Increment(ref answered);
            }
        })).ToArray();
        await RestartAsync(3, hosts, () => Volatile.Read(ref answered), load, stop.Token);
        Volatile.Write(ref done, true);
        await Task.WhenAll(load);
        await stop.CancelAsync();
        await Task.WhenAll(hosts).WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
    }

    /// <summary>Each time another process takes over from the last one, which then ends, after 200 more requests were answered.</summary>
    private async Task RestartAsync(int times, List<Task> hosts, Func<int> answered, Task[] load, CancellationToken stop)
    {
        for (; times > 0; times--)
        {
            var (before, enough) = (hosts[^1], answered() + 200);
            await Until.TrueAsync(() => answered() > enough || load.Any(l => l.IsFaulted), "requests are answered");
            hosts.Add(Start(stop));
            await before.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Socket_of_the_hand_over_is_for_its_owner_only()
    {
        await using var target = RawTarget.Answering("good");
        Write(target.Port);
        using var stop = new CancellationTokenSource();
        var host = Start(stop.Token);
        var path = Path.Combine(_directory, "handover.sock");
        await Until.TrueAsync(() => File.Exists(path), "it serves");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        await stop.CancelAsync();
        await host;
    }

    [Fact]
    public async Task Process_that_died_leaves_a_socket_that_hinders_nobody()
    {
        await using var target = RawTarget.Answering("good");
        var port = Write(target.Port);
        using (var dead = LoadBalancer.Handover.HandoverPath.NewSocket())
        {
            using (var at = new OpenCluster.Api.Client.SocketPath(Path.Combine(_directory, "dead.sock"))) dead.Bind(at.EndPoint);
            File.Move(Path.Combine(_directory, "dead.sock"), Path.Combine(_directory, "handover.sock"));
        }
        using var stop = new CancellationTokenSource();
        var notes = new List<string>();
        var host = Start(stop.Token, notes);
        await Until.TrueAsync(() => CanConnect(port), "it serves");
        using (var client = new RawClient(port)) Assert.Equal("good", (await client.GetAsync()).Body);
        await stop.CancelAsync();
        await host;
    }

    [Fact]
    public async Task Without_controller_the_last_good_snapshot_serves_and_a_new_one_replaces_it_on_disk()
    {
        await using var target = RawTarget.Answering("good");
        var port = Write(target.Port);
        var source = new FakeSource();
        using var stop = new CancellationTokenSource();
        var host = LoadBalancerHost.RunAsync(new LoadBalancerOptions { Directory = _directory, InstanceId = "lb-1" }, source, _ => { }, TimeProvider.System, stop.Token);
        await Until.TrueAsync(() => CanConnect(port), "it serves from disk");
        using var client = new RawClient(port);
        Assert.Equal("good", (await client.GetAsync()).Body);

        await source.Snapshots.Writer.WriteAsync(Snapshot(port, target.Port) with { Revision = 7 }, TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => source.Last?.Revision == 7, "revision 7 is reported");
        await Until.TrueAsync(() => RevisionOnDisk() == 7, "revision 7 is on disk");

        await source.Snapshots.Writer.WriteAsync(Snapshot(port, 0) with { Revision = 8 }, TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => source.Last?.Refused is not null, "the refusal is reported");
        Assert.Equal(7, source.Last!.Revision);
        Assert.Equal("good", (await client.GetAsync()).Body);
        await stop.CancelAsync();
        await host;
    }

    private long RevisionOnDisk() =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(_directory, "snapshot.json")), ModelJson.Default.BalancerSnapshot)!.Revision;

    private static bool CanConnect(int port)
    {
        try
        {
            using var client = new RawClient(port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private Task Start(CancellationToken stop, List<string>? notes = null) => Task.Run(() => LoadBalancerHost.RunAsync(
        new LoadBalancerOptions { Directory = _directory, InstanceId = "lb-1" }, null, note => { lock (_directory) notes?.Add(note); }, TimeProvider.System, stop));

    private int Write(int target)
    {
        var port = TestBalancer.FreePort();
        new LastGood(_directory).Write(Snapshot(port, target));
        return port;
    }

    private static BalancerSnapshot Snapshot(int port, int target) => new()
    {
        Balancer = "lb-1",
        Cluster = "test",
        Revision = 1,
        Listeners = [new Listener("web", port, Address: "127.0.0.1")],
        Routes = [new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("t0", target)] }],
    };

    private sealed class FakeSource : ISnapshotSource
    {
        public System.Threading.Channels.Channel<BalancerSnapshot> Snapshots { get; } = System.Threading.Channels.Channel.CreateUnbounded<BalancerSnapshot>();
        public BalancerReport? Last { get; private set; }

        public IAsyncEnumerable<BalancerSnapshot> WatchAsync(long afterRevision, CancellationToken ct) => Snapshots.Reader.ReadAllAsync(ct);

        public Task ReportAsync(BalancerReport report, CancellationToken ct)
        {
            Last = report;
            return Task.CompletedTask;
        }
    }
}
