using OpenCluster.Model.Nouns;
using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation;

/// <summary>The cluster a seed works on, and what its owner may change about it.</summary>
internal sealed class Scenario
{
    private readonly List<(string Name, string Location)> web = [];

    public Scenario(Xoshiro random, SimulationOptions options)
    {
        var servers = random.Between(2, 5);
        for (var i = 1; i <= servers; i++)
            web.Add(($"web{i}", $"hall{(i % 2) + 1}"));
        Instances = random.Between(1, Math.Min(4, servers + 1));
        // A fixed port makes an old instance go before its successor comes: a gap that nothing but a fault excuses.
        FixedPort = options.Faults && random.Chance(10);
        ReplaceAfter = random.Seconds(8, 30);
        AtOnce = random.Chance(70) ? 1 : 2;
        Watch = random.Seconds(2, 5);
    }

    public int Instances { get; set; }
    public bool FixedPort { get; }
    public int AtOnce { get; }
    public TimeSpan Watch { get; }
    public TimeSpan ReplaceAfter { get; }
    /// <summary>A server taken out of the file for a while.</summary>
    public string? TakenOut { get; set; }
    /// <summary>Changes what runs, so that an apply rolls out the same commit anew.</summary>
    public int Version { get; set; } = 1;
    public IReadOnlyList<string> WebServers => [.. web.Select(w => w.Name)];

    public Cluster File() => new()
    {
        Name = "simulated",
        Roles = [new Role { Name = "web" }, new Role { Name = "edge" }],
        Servers =
        [
            .. web.Where(w => w.Name != TakenOut).Select(w => new Server { Name = w.Name, Location = w.Location, Roles = ["web"] }),
            new Server { Name = "lb1", Roles = ["edge"] },
            new Server { Name = "lb2", Roles = ["edge"] },
        ],
        LoadBalancers = [new LoadBalancer { Name = "front", Role = "edge", Listeners = [new Listener("http", 8080)] }],
        Services =
        [
            new Service
            {
                Name = "api",
                Role = "web",
                Source = new Source { Git = "https://git.example.org/api" },
                Deployments = [new ZoneDeployment { Zone = "default", Branch = "main", Spec = Spec() }],
            },
        ],
        Routes = [new Route { Name = "api", Service = "api", Matches = [new RouteMatch("*")] }],
        Settings = new ClusterSettings { ReplaceAfter = ReplaceAfter },
    };

    private ServiceSpec Spec() => new()
    {
        Instances = Instances,
        Run = $"./serve --version {Version}",
        Ports = [new Port("http", Number: FixedPort ? 9000 : 0)],
        Check = new HealthCheck { Kind = CheckKind.Http, StartWithin = TimeSpan.FromSeconds(12) },
        Stop = new StopRule { Drain = TimeSpan.FromSeconds(5), Grace = TimeSpan.FromSeconds(2) },
        RollOut = new RollOutRule { AtOnce = AtOnce, Watch = Watch, TimeLimit = TimeSpan.FromSeconds(70) },
        Build = new Build { Run = "make", TimeLimit = TimeSpan.FromSeconds(60) },
    };
}
