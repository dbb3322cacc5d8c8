using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Conducting;

/// <summary>Clusters to start from.</summary>
internal static class Samples
{
    /// <summary>Servers web1, web2, … alternately at two locations, two load-balancer servers lb1 and lb2, and the service api behind them.</summary>
    public static Cluster Web(int servers = 3, int instances = 2, Func<ServiceSpec, ServiceSpec>? spec = null, Func<Service, Service>? service = null) => new()
    {
        Name = "shop",
        Roles = [new Role { Name = "web" }, new Role { Name = "edge" }],
        Servers =
        [
            .. Enumerable.Range(1, servers).Select(i => new Server { Name = $"web{i}", Roles = ["web"], Location = i % 2 == 1 ? "hall1" : "hall2" }),
            new Server { Name = "lb1", Roles = ["edge"], Controller = true },
            new Server { Name = "lb2", Roles = ["edge"] },
        ],
        LoadBalancers = [new LoadBalancer { Name = "front", Role = "edge", Listeners = [new Listener("http", 80)] }],
        Services = [Api(instances, spec, service)],
        Routes = [new Route { Name = "api", Service = "api", Matches = [new RouteMatch("*")] }],
    };

    public static Service Api(int instances = 2, Func<ServiceSpec, ServiceSpec>? spec = null, Func<Service, Service>? service = null)
    {
        var plain = new ServiceSpec
        {
            Instances = instances,
            Run = "./serve",
            Ports = [new Port("http")],
            Check = new HealthCheck { Kind = CheckKind.Http },
        };
        var api = new Service
        {
            Name = "api",
            Role = "web",
            Source = new Source { Git = "https://git.example.org/api" },
            Deployments = [new ZoneDeployment { Zone = "default", Branch = "main", Spec = spec?.Invoke(plain) ?? plain }],
        };
        return service?.Invoke(api) ?? api;
    }

    public static Cluster With(this Cluster cluster, Func<ServiceSpec, ServiceSpec> change) => cluster with
    {
        Services = [.. cluster.Services.Select(s => s with { Deployments = [.. s.Deployments.Select(d => d with { Spec = change(d.Spec) })] })],
    };
}
