using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Tests.Files;

/// <summary>The examples are what people copy from: each must read without a mistake.</summary>
public sealed class ExampleTests
{
    private static readonly string Text = Repository.Read("examples/simple-startup/cluster.yaml");

    [Fact]
    public void The_simple_startup_reads_without_a_mistake()
    {
        var cluster = Read();

        Assert.Equal("joebarry", cluster.Name);
        Assert.Equal(["default", "development"], cluster.Zones.Select(z => z.Name).Order());
        Assert.Equal(["ctl1"], cluster.Servers.Where(s => s.Controller).Select(s => s.Name));
        Assert.Equal(2, cluster.Servers.Count(s => s.Roles.Contains("loadbalancer")));
        Assert.Equal(8080, Assert.Single(cluster.LoadBalancers).Listeners.Single().Port);
    }

    [Fact]
    public void A_service_takes_another_branch_in_another_zone_and_keeps_the_rest()
    {
        var api = Read().Services.Single(s => s.Name == "api");

        Assert.Equal(("main", 2), (api.In("default")!.Branch, api.In("default")!.Spec.Instances));
        Assert.Equal(("develop", 1), (api.In("development")!.Branch, api.In("development")!.Spec.Instances));
        Assert.Equal(api.In("default")!.Spec.Check, api.In("development")!.Spec.Check);
        Assert.Equal("/health", api.In("default")!.Spec.Check!.Path);
    }

    [Fact]
    public void A_zone_gives_a_value_another_meaning()
    {
        var routes = Read().Routes;

        Assert.Equal(["joebarry.com", "www.joebarry.com"], routes.Single(r => r.Name == "website").Matches.Select(m => m.Host));
        Assert.Equal(["dev.joebarry.com"], routes.Single(r => r.Name == "website-development").Matches.Select(m => m.Host));
    }

    [Fact]
    public void A_value_set_by_the_caller_wins_over_the_files_own() =>
        Assert.Equal("/tmp/repositories/api", Read(("repositories", "/tmp/repositories")).Services.Single(s => s.Name == "api").Source!.Git);

    [Fact]
    public void A_value_set_by_the_caller_must_be_declared_in_the_file()
    {
        var reading = ClusterFile.Read(Text, "cluster.yaml", new Dictionary<string, string> { ["repository"] = "/tmp" });

        Assert.Null(reading.File);
        Assert.Contains("Did you mean \"repositories\"?", Assert.Single(reading.Lines), StringComparison.Ordinal);
    }

    private static Cluster Read(params (string, string)[] set)
    {
        var reading = ClusterFile.Read(Text, "cluster.yaml", set.ToDictionary(s => s.Item1, s => s.Item2));
        Assert.Equal([], reading.Lines);
        return reading.File!.Cluster;
    }
}
