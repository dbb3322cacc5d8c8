using System.Text.Json;
using OpenCluster.Model.Changes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Model.Tests;

/// <summary>What is stored and sent comes back as it was.</summary>
public sealed class JsonTests
{
    [Theory]
    [InlineData("examples/simple-startup/cluster.yaml")]
    [InlineData("examples/annotated.yaml")]
    public void A_cluster_comes_back_from_json_as_it_was(string example)
    {
        var cluster = new Clusters().First(Repository.Read(example)).After;
        var json = JsonSerializer.Serialize(cluster, ModelJson.Default.Cluster);
        var back = JsonSerializer.Deserialize(json, ModelJson.Default.Cluster)!;

        Assert.Equal(json, JsonSerializer.Serialize(back, ModelJson.Default.Cluster));
        Assert.Empty(Differences.Between(cluster, back));
    }

    [Fact]
    public void A_plan_comes_back_from_json_as_it_was()
    {
        var plan = new Clusters().First(Repository.Read("examples/simple-startup/cluster.yaml"));
        var json = JsonSerializer.Serialize(plan, ModelJson.Default.Plan);

        Assert.Equal(PlanText.Lines(plan), PlanText.Lines(JsonSerializer.Deserialize(json, ModelJson.Default.Plan)!));
    }

    [Fact]
    public void A_field_that_a_newer_document_has_is_passed_over() =>
        Assert.Equal("a", JsonSerializer.Deserialize("""{"name": "a", "colour": "blue"}""", ModelJson.Default.Server)!.Name);

    [Fact]
    public void A_missing_field_keeps_the_default_it_is_declared_with()
    {
        var status = JsonSerializer.Deserialize("""{"id": "a"}""", ModelJson.Default.InstanceStatus)!;
        Assert.Empty(status.Ports);
        Assert.Equal(new Usage(), status.Usage);

        var assignment = JsonSerializer.Deserialize("""{"serverId": "a", "serverName": "a", "cluster": "c"}""", ModelJson.Default.Assignment)!;
        Assert.Equal(new Assignment { ServerId = "", ServerName = "", Cluster = "" }.Heartbeat, assignment.Heartbeat);
        Assert.False(assignment.Instances.IsDefault);

        var settings = JsonSerializer.Deserialize("{}", ModelJson.Default.ClusterSettings)!;
        Assert.Equal(new ClusterSettings(), settings);
        Assert.True(settings.ServerDownAfter > TimeSpan.Zero);
    }

    [Fact]
    public void A_missing_field_of_a_record_with_constructor_parameters_keeps_its_default_too()
    {
        var route = JsonSerializer.Deserialize("""{"name": "r", "service": "s", "matches": [{"host": "*"}]}""", ModelJson.Default.Route)!;
        Assert.Empty(Assert.Single(route.Matches).Except);
        Assert.Equal(new RouteRules(), route.Rules);

        var status = JsonSerializer.Deserialize("""{"id": "a", "failure": {"code": "c", "reason": "r"}}""", ModelJson.Default.InstanceStatus)!;
        Assert.Empty(status.Failure!.Log);
    }

    [Fact]
    public void A_required_field_that_is_missing_is_still_an_error() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"restarts": 1}""", ModelJson.Default.InstanceStatus));
}
