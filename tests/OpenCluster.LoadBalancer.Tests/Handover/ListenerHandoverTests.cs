using OpenCluster.LoadBalancer.Configuration;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Handover;

/// <summary>A restart as clients of HTTPS, TCP and UDP see it: not at all.</summary>
public sealed class ListenerHandoverTests : IDisposable
{
    private const int Restarts = 3;

    private readonly TestCertificates _certificates = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("oc-lb-").FullName;
    private int _answered;
    private bool _done;

    public void Dispose()
    {
        _certificates.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Restarts_under_load_lose_no_connection_of_tls_or_tcp_and_no_datagram()
    {
        await using var site = RawTarget.Answering("good");
        await using var echo = StreamTarget.Echo();
        await using var datagrams = new DatagramTarget("d:");
        var (https, tcp, udp) = (TestBalancer.FreePort(), TestBalancer.FreePort(), TestBalancer.FreePort());
        new LastGood(_directory).Write(new BalancerSnapshot
        {
            Balancer = "lb-1",
            Cluster = "test",
            Revision = 1,
            Listeners =
            [
                new Listener("https", https, ListenerProtocol.Https, "127.0.0.1"), new Listener("tcp", tcp, ListenerProtocol.Tcp, "127.0.0.1"),
                new Listener("udp", udp, ListenerProtocol.Udp, "127.0.0.1"),
            ],
            Certificates = [_certificates.Write("site", ["localhost"])],
            Routes =
            [
                new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*")], Targets = [TestBalancer.Target("t1", site.Port)] },
                new RoutePlan { Id = "r2", Name = "tcp", Listeners = ["tcp"], Targets = [TestBalancer.Target("t2", echo.Port)] },
                new RoutePlan { Id = "r3", Name = "udp", Listeners = ["udp"], Targets = [TestBalancer.Target("t3", datagrams.Port)] },
            ],
        });
        using var stop = new CancellationTokenSource();
        var hosts = new List<Task> { Start(stop.Token) };
        await Until.TrueAsync(() => File.Exists(Path.Combine(_directory, "handover.sock")), "the first serves");

        Task[] load = [LoadHttpsAsync(https), LoadHttpsAsync(https), LoadTcpAsync(tcp), LoadTcpAsync(tcp), LoadUdpAsync(udp)];
        for (var restart = 0; restart < Restarts; restart++)
        {
            var (before, enough) = (hosts[^1], Volatile.Read(ref _answered) + 100);
            await Until.TrueAsync(() => Volatile.Read(ref _answered) > enough || load.Any(l => l.IsFaulted), "requests are answered");
            hosts.Add(Start(stop.Token));
            await before.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        }
        Volatile.Write(ref _done, true);
        await Task.WhenAll(load);
        await stop.CancelAsync();
        await Task.WhenAll(hosts).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    private Task Start(CancellationToken stop) => Task.Run(() => LoadBalancerHost.RunAsync(
        new LoadBalancerOptions { Directory = _directory, InstanceId = "lb-1" }, null, _ => { }, TimeProvider.System, stop), CancellationToken.None);

    /// <summary>A new handshake for each request: resumed or not, each must come to a good end.</summary>
    private async Task LoadHttpsAsync(int port)
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null }, PooledConnectionLifetime = TimeSpan.Zero };
        using var client = new HttpClient(handler);
        while (!Volatile.Read(ref _done))
        {
            Assert.Equal("good", await client.GetStringAsync($"https://localhost:{port}/"));
            Interlocked.Increment(ref _answered);
        }
    }

    /// <summary>Connections that live for a while, across restarts: the process that has them keeps them until they end.</summary>
    private async Task LoadTcpAsync(int port)
    {
        while (!Volatile.Read(ref _done))
        {
            using var client = new RawClient(port);
            for (var i = 0; i < 30; i++)
            {
                await client.SendAsync("ping");
                Assert.Equal("ping", await client.TakeAsync(4));
                Interlocked.Increment(ref _answered);
            }
        }
    }

    private async Task LoadUdpAsync(int port)
    {
        using var client = new DatagramClient(port);
        for (var i = 0; !Volatile.Read(ref _done); i++)
        {
            Assert.Equal($"d:{i}", await client.AskAsync(i.ToString()));
            Interlocked.Increment(ref _answered);
        }
    }
}
