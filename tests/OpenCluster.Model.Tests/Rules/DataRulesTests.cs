using OpenCluster.Model.Changes;
using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Tests.Rules;

public sealed class DataRulesTests
{
    private const string Start = """
        cluster: c
        servers:
          control: {controller: true, roles: [control]}
          db1: {roles: [db]}
          db2: {roles: [db], location: hq.hall1}
          db3: {roles: [db], location: hq.hall2}

        """;

    [Fact]
    public void A_space_needs_a_name_and_a_role_and_the_rest_has_defaults()
    {
        var reading = ClusterFile.Read(Start + "data: {orders: {role: db}}");

        Assert.Equal([], reading.Lines);
        Assert.Equal(new DataSpace { Name = "orders", Role = "db", Copies = 3, Replicas = 1, Port = 6379 } with { Locations = [], Witnesses = [] }, reading.File!.Cluster.Data.Single() with { Locations = [], Witnesses = [] });
    }

    [Fact]
    public void A_single_copy_waits_for_no_replica()
    {
        var space = ClusterFile.Read(Start + "data: {orders: {role: db, copies: 1}}").File!.Cluster.Data.Single();

        Assert.Equal(0, space.Replicas);
    }

    [Theory]
    [InlineData("orders: {role: db, copies: 4}", "4 copies need as many servers, and only db1, db2, db3 can hold one")]
    [InlineData("orders: {role: db, copies: 3, locations: hq}", "3 copies need as many servers, and only db2, db3 can hold one")]
    [InlineData("orders: {role: db, copies: 2, acknowledge: {replicas: 2}}", "2 replicas cannot have a write: with 2 copies there are 1")]
    [InlineData("orders: {role: db, witnesses: [db1]}", "\"db1\" may hold a copy itself, and then has a vote already")]
    [InlineData("orders: {role: db, witnesses: [control, control]}", "\"control\" is here twice")]
    [InlineData("orders: {role: db, witnesses: [nobody]}", "there is no server \"nobody\"")]
    [InlineData("orders: {role: db, when-alone: continue}", "when-alone is for two copies without a witness")]
    [InlineData("orders: {role: db, engine: mongodb}", "mongodb")]
    [InlineData("{orders: {role: db}, carts: {role: db}}", "space \"orders\" listens at port 6379 as well")]
    public void What_cannot_be_is_told_with_its_reason(string data, string expected)
    {
        var text = data.StartsWith('{') ? $"data: {data}" : $"data:\n  {data}";
        var lines = ClusterFile.Read(Start + text).Lines.ToList();

        Assert.Contains(lines, l => l.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_plan_tells_of_a_new_space_and_of_what_changes_in_one()
    {
        var one = ClusterFile.Read(Start + "data: {orders: {role: db}}").File!.Cluster;
        var two = ClusterFile.Read(Start + "data: {orders: {role: db, memory: 1GiB}}").File!.Cluster;
        var number = 0;

        var first = Planning.Make(one, Cluster.Empty, null, kind => $"{kind.Prefix()}-{++number}");
        var second = Planning.Make(two, first.After, first.Declared, kind => $"{kind.Prefix()}-{++number}");

        Assert.Contains(first.Changes, c => c is { Of: ObjectKind.Space, Name: "orders" });
        Assert.Contains(second.Changes, c => c is { Of: ObjectKind.Space, Name: "orders" });
    }
}
