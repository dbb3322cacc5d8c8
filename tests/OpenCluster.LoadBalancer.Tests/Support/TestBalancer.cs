using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A balancer in this process, on a free port, with one route to the given targets unless told otherwise.</summary>
internal sealed class TestBalancer : IAsyncDisposable
{
    private readonly TimeKeeper _keeper;

    private TestBalancer(int port, LeapingTime? time = null)
    {
        Port = port;
        Time = time ?? new();
        _keeper = new TimeKeeper(Time);
        Balancer = new Balancer(log: null, _keeper);
    }

    public LeapingTime Time { get; }
    public Balancer Balancer { get; }
    public int Port { get; }

    public static Task<TestBalancer> StartAsync(RouteRules? rules = null, HealthCheck? check = null, params RawTarget[] targets) => StartAsync(new LeapingTime(), rules, check, targets);

    public static async Task<TestBalancer> StartAsync(LeapingTime time, RouteRules? rules, HealthCheck? check, params RawTarget[] targets)
    {
        var test = new TestBalancer(FreePort(), time);
        test.Use(test.Snapshot(rules, check, [.. targets.Select((t, i) => Target("t" + i, t.Port))]));
        await test.Balancer.Targets.FirstChecksAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        return test;
    }

    public static async Task<TestBalancer> StartAsync(params RawTarget[] targets) => await StartAsync(null, null, targets);

    public static async Task<TestBalancer> ServeAsync(params RoutePlan[] routes)
    {
        var test = new TestBalancer(FreePort());
        test.Use(test.Snapshot(routes));
        await test.Balancer.Targets.FirstChecksAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        return test;
    }

    /// <summary>One route whose targets are spoken to in HTTP/2.</summary>
    public static async Task<TestBalancer> Http2Async(RouteRules? rules, params int[] ports) =>
        await ServeAsync(new RoutePlan
        {
            Id = "r1",
            Name = "site",
            Matches = [new RouteMatch("*")],
            Rules = (rules ?? new RouteRules()) with { Speak = TargetHttp.Http2 },
            Targets = [.. ports.Select((port, i) => Target("t" + i, port))],
        });

    public static async Task<TestBalancer> Http2Async(params RawHttp2Target[] targets) => await Http2Async(null, [.. targets.Select(t => t.Port)]);

    /// <summary>One that serves what the test makes of it, such as listeners of other protocols, most often at its <see cref="Port"/>.</summary>
    public static async Task<TestBalancer> ListenAsync(Func<TestBalancer, BalancerSnapshot> plan, LeapingTime? time = null)
    {
        var test = new TestBalancer(FreePort(), time);
        test.Use(plan(test));
        await test.Balancer.Targets.FirstChecksAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        return test;
    }

    public static Target Target(string id, int port) => new() { Id = id, Address = "127.0.0.1", Port = port };

    public BalancerSnapshot Snapshot(RouteRules? rules, HealthCheck? check, ImmutableArray<Target> targets) =>
        Snapshot(new RoutePlan { Id = "r1", Name = "site", Matches = [new RouteMatch("*")], Rules = rules ?? new RouteRules(), Check = check, Targets = targets });

    public BalancerSnapshot Snapshot(params RoutePlan[] routes) => new()
    {
        Balancer = "lb-1",
        Cluster = "test",
        Revision = (Balancer.Snapshot?.Revision ?? 0) + 1,
        Listeners = [new Listener("web", Port, Address: "127.0.0.1")],
        Routes = [.. routes],
    };

    public void Use(BalancerSnapshot snapshot) => Assert.True(Balancer.Apply(snapshot), Balancer.Refused);

    public RawClient Client() => new(Port);

    public TargetReport Report(string id) => Balancer.Report("lb-1").Targets.Single(t => t.Id == id);

    public async ValueTask DisposeAsync()
    {
        await Balancer.DisposeAsync();
        _keeper.Dispose();
    }

    private static int _lastPort = 10_000 + Random.Shared.Next(10_000);

    /// <summary>
    /// Free now, and given to nobody else in this process. Below the range from which the kernel takes ports for connections: the hundreds
    /// that tests open would otherwise take one in the moment before it is listened at.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = 10_000 + (Interlocked.Increment(ref _lastPort) % 20_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody else's: the next one.
            }
        }
    }
}
