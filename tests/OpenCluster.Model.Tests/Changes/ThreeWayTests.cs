using OpenCluster.Model.Changes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Tests.Changes;

/// <summary>A file owns what it declared; what others did since is shown and not trampled.</summary>
public sealed class ThreeWayTests
{
    private const string Text = "cluster: c\nservers: {a: {controller: true}, b: }\nservices: {s: {run: x, instances: 2, environment: {LEVEL: info}}}";

    private readonly Clusters _clusters = new();
    private readonly Cluster _applied;

    public ThreeWayTests() => _applied = _clusters.First(Text).After;

    [Fact]
    public void Applying_a_file_again_changes_nothing()
    {
        var plan = _clusters.Next(Text, _applied, _applied);

        Assert.True(plan.IsEmpty);
        Assert.Empty(plan.Drift);
        Assert.Equal(["Nothing changes."], PlanText.Lines(plan));
    }

    [Fact]
    public void A_field_changed_elsewhere_stays_when_the_file_did_not_change_it()
    {
        var plan = _clusters.Next(Text, WithInstances(5), _applied);

        Assert.Equal(5, Instances(plan.After));
        Assert.Empty(plan.Changes);
        var drift = Assert.Single(plan.Drift);
        Assert.Equal(new Drift(ObjectKind.Service, "s", "zones.default.instances", "2", "5", "2", DriftOutcome.Kept), drift);
    }

    [Fact]
    public void A_field_changed_elsewhere_becomes_the_files_when_the_owner_says_so()
    {
        var plan = _clusters.Next(Text, WithInstances(5), _applied, takeFile: true);

        Assert.Equal(2, Instances(plan.After));
        Assert.Equal(DriftOutcome.Overwritten, Assert.Single(plan.Drift).Outcome);
    }

    [Fact]
    public void A_field_changed_on_both_sides_becomes_the_files_and_is_shown()
    {
        var plan = _clusters.Next(Text.Replace("instances: 2", "instances: 3", StringComparison.Ordinal), WithInstances(5), _applied);

        Assert.Equal(3, Instances(plan.After));
        Assert.Equal(DriftOutcome.Overwritten, Assert.Single(plan.Drift).Outcome);
    }

    [Fact]
    public void Both_sides_may_change_different_fields_of_one_object()
    {
        var plan = _clusters.Next(Text.Replace("LEVEL: info", "LEVEL: debug, MORE: 1", StringComparison.Ordinal), WithInstances(5), _applied);

        Assert.Equal(5, Instances(plan.After));
        Assert.Equal(["LEVEL", "MORE"], plan.After.Services.Single().In("default")!.Spec.Environment.Keys);
        Assert.Equal(["zones.default.environment.LEVEL", "zones.default.environment.MORE"], Assert.Single(plan.Changes).Fields.Select(f => f.Field));
    }

    [Fact]
    public void An_object_the_file_never_declared_is_not_touched()
    {
        var current = _applied with { Secrets = [new Secret { Id = "sec-9", Name = "made-elsewhere" }] };
        var plan = _clusters.Next(Text.Replace("b: }", "b: {location: dc}}", StringComparison.Ordinal), current, _applied);

        Assert.Equal("made-elsewhere", Assert.Single(plan.After.Secrets).Name);
        Assert.Empty(plan.Drift);
    }

    [Fact]
    public void An_object_the_file_no_longer_declares_goes()
    {
        var plan = _clusters.Next("cluster: c\nservers: {a: {controller: true}, b: }", _applied, _applied);

        Assert.Empty(plan.After.Services);
        Assert.Equal((ChangeKind.Removed, "s"), (Assert.Single(plan.Changes).Kind, plan.Changes[0].Name));
    }

    [Fact]
    public void An_object_removed_elsewhere_stays_removed_until_the_file_changes_it()
    {
        var current = _applied with { Services = [] };

        Assert.Empty(_clusters.Next(Text, current, _applied).After.Services);
        Assert.Single(_clusters.Next(Text.Replace("instances: 2", "instances: 3", StringComparison.Ordinal), current, _applied).After.Services);
    }

    [Fact]
    public void A_name_changed_elsewhere_stays_and_references_follow_it()
    {
        var current = _applied with
        {
            Roles = [_applied.Roles.Single() with { Name = "webserver" }],
            Servers = [.. _applied.Servers.Select(s => s with { Roles = ["webserver"] })],
            Services = [.. _applied.Services.Select(s => s with { Role = "webserver" })],
        };

        var plan = _clusters.Next(Text.Replace("instances: 2", "instances: 3", StringComparison.Ordinal), current, _applied);

        Assert.Equal("webserver", plan.After.Roles.Single().Name);
        Assert.Equal("webserver", plan.After.Services.Single().Role);
        Assert.Equal("name", Assert.Single(plan.Drift).Field);
        Assert.Empty(plan.Problems);
    }

    [Fact]
    public void A_plan_that_does_not_go_together_with_what_others_did_says_why()
    {
        var current = _applied with { Servers = [_applied.Servers[0], _applied.Servers[1] with { Address = "192.0.2.1" }] };
        var plan = _clusters.Next(Text.Replace("{controller: true}", "{controller: true, address: 192.0.2.1}", StringComparison.Ordinal), current, _applied);

        Assert.Contains("has the address 192.0.2.1 as well", Assert.Single(plan.Problems).What, StringComparison.Ordinal);
    }

    private Cluster WithInstances(int instances) => _applied with
    {
        Services =
        [
            .. _applied.Services.Select(s => s with { Deployments = [.. s.Deployments.Select(d => d with { Spec = d.Spec with { Instances = instances } })] }),
        ],
    };

    private static int Instances(Cluster cluster) => cluster.Services.Single().In("default")!.Spec.Instances;
}
