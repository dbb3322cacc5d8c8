using System.Text.Json;
using OpenCluster.Model.Changes;

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
}
