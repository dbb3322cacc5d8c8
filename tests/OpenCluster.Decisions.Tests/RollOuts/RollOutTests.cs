using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Tests.Conducting;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using static OpenCluster.Decisions.Tests.Conducting.ConductorTests;

namespace OpenCluster.Decisions.Tests.RollOuts;

public class RollOutTests
{
    private static readonly Failure Crash = new("exited", "exited with code 1") { Log = ["Traceback", "ImportError: no module named shop"] };

    [Fact]
    public void A_release_that_never_starts_is_rolled_back_with_the_log_lines_that_show_why()
    {
        var cluster = Deployed();
        var before = cluster.Zone().Instances.Select(i => i.Instance.Id).ToList();
        cluster.Behave = (order, age, status) => order.Release!.Number == 1
            ? status with { Phase = InstancePhase.Ready }
            : status with { Phase = InstancePhase.BackingOff, Restarts = age.TotalSeconds > 1 ? 1 : 0, Failure = Crash };
        Push(cluster, '2');

        Assert.True(cluster.RunUntil(c => c.Zone().Active is null), Story(cluster));
        var deployment = cluster.Zone().Deployments[^1];
        Assert.Equal(DeploymentPhase.RolledBack, deployment.Phase);
        Assert.Contains("exited with code 1", deployment.Failure!.Reason, StringComparison.Ordinal);
        Assert.Equal(Crash.Log, deployment.Failure.Log);
        Assert.Equal(1, cluster.Zone().Current!.Number);
        Assert.Equal(before, cluster.Zone().Instances.Select(i => i.Instance.Id));
    }

    [Fact]
    public void A_release_that_dies_under_watch_is_rolled_back_before_a_second_instance_is_replaced()
    {
        var cluster = Deployed(Samples.Web(instances: 3));
        cluster.Behave = (order, age, status) => order.Release!.Number == 1 || age.TotalSeconds < 3
            ? status with { Phase = InstancePhase.Ready }
            : status with { Phase = InstancePhase.BackingOff, Failure = Crash };
        Push(cluster, '2');

        var most = 0;
        Assert.True(cluster.RunUntil(c =>
        {
            most = Math.Max(most, c.Zone().Instances.Count(i => i.Release == 2));
            return c.Zone().Active is null;
        }), Story(cluster));
        Assert.Equal(DeploymentPhase.RolledBack, cluster.Zone().Deployments[^1].Phase);
        Assert.Equal(1, most);
        Assert.Equal(3, cluster.Zone().Ready);
    }

    [Fact]
    public void A_release_whose_second_batch_fails_goes_back_whole()
    {
        var cluster = Deployed(Samples.Web(instances: 3));
        cluster.Behave = (order, _, status) => order.Release!.Number == 1 || order.Id == "api-4"
            ? status with { Phase = InstancePhase.Ready }
            : status with { Phase = InstancePhase.Failed, Failure = Crash };
        Push(cluster, '2');

        Assert.True(cluster.RunUntil(c => c.Zone().Active is null), Story(cluster));
        Assert.Equal(DeploymentPhase.RolledBack, cluster.Zone().Deployments[^1].Phase);
        Assert.Equal(3, cluster.Zone().Ready);
        Assert.All(cluster.Zone().Instances, i => Assert.Equal(1, i.Release));
    }

    [Fact]
    public void Failed_requests_through_the_balancers_roll_back()
    {
        var cluster = Deployed();
        cluster.Traffic = target => target.Release == 2 ? (100, 6) : (1000, 0);
        cluster.Behave = (order, _, status) => status with { Phase = InstancePhase.Ready, Wrote = order.Release!.Number == 2 ? ["MemoryError: no room"] : [] };
        Push(cluster, '2');

        Assert.True(cluster.RunUntil(c => c.Zone().Active is null), Story(cluster));
        var deployment = cluster.Zone().Deployments[^1];
        Assert.Equal(DeploymentPhase.RolledBack, deployment.Phase);
        Assert.Equal("failed-requests", deployment.Failure!.Code);
        Assert.Equal(["MemoryError: no room"], deployment.Failure.Log);
        Assert.Contains(deployment.Failure.InstanceId!, deployment.Failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_first_release_waits_for_servers_that_are_about_to_report_and_spreads_over_them()
    {
        var cluster = new TestCluster();
        var sample = Samples.Web(servers: 3, instances: 3);
        foreach (var late in sample.Servers.Skip(1)) cluster.Dead.Add(late.Name);
        cluster.Apply(sample);
        cluster.Run(2);
        cluster.Dead.Clear();

        Assert.True(cluster.RunUntil(c => c.Zone().Active is null), Story(cluster));
        Assert.Equal(3, cluster.Zone().Instances.Select(i => i.Instance.ServerId).Distinct().Count());
    }

    [Fact]
    public void Nothing_is_stopped_to_make_room_on_servers_that_are_silent_or_just_back()
    {
        var cluster = Deployed(Samples.Web(servers: 2, instances: 2));
        cluster.Dead.Add("web1");
        cluster.Run(4);
        cluster.Dead.Add("web2");
        cluster.Run(4);
        Push(cluster, '2');
        cluster.Run(3);
        cluster.Dead.Clear();

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 2 }), Story(cluster));
        Assert.DoesNotContain(cluster.Notes, n => n.Text.Contains("stops before its successor", StringComparison.Ordinal));
    }

    [Fact]
    public void A_server_that_never_reports_is_not_waited_for_long()
    {
        var cluster = new TestCluster();
        var sample = Samples.Web(servers: 3, instances: 2);
        cluster.Dead.Add(sample.Servers[0].Name);
        cluster.Apply(sample);

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Ready: 2 }, seconds: 15), Story(cluster));
    }

    [Fact]
    public void Few_failed_requests_prove_nothing()
    {
        var cluster = Deployed();
        cluster.Traffic = target => target.Release == 2 ? (4, 4) : (1000, 0);
        Push(cluster, '2');

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 2 }), Story(cluster));
    }

    [Fact]
    public void A_first_release_that_is_never_healthy_fails_with_its_reason_and_leaves_nothing_behind()
    {
        var cluster = new TestCluster { Behave = (_, _, status) => status with { Phase = InstancePhase.Failed, Failure = Crash } };
        cluster.Apply(Samples.Web() with { LoadBalancers = [], Routes = [] });

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Deployments.Length: 1 }), Story(cluster));
        Assert.Equal(DeploymentPhase.Failed, cluster.Zone().Deployments[0].Phase);
        Assert.Contains("exited with code 1", cluster.Zone().Deployments[0].Failure!.Reason, StringComparison.Ordinal);
        cluster.Run(10);
        Assert.Empty(cluster.Zone().Instances);
    }

    [Fact]
    public void A_newer_deployment_takes_over_from_one_in_progress()
    {
        var cluster = Deployed();
        Push(cluster, '2');
        cluster.Run(2);
        Push(cluster, '3');

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 3 } zone && zone.Instances.Length == 2), Story(cluster));
        var older = cluster.Zone().Deployments[^2];
        Assert.Equal(DeploymentPhase.Failed, older.Phase);
        Assert.Equal("superseded", older.Failure!.Code);
    }

    [Fact]
    public void A_roll_back_on_demand_brings_the_release_before_without_a_build()
    {
        var cluster = Deployed();
        Push(cluster, '2');
        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 2 }), Story(cluster));
        cluster.Build = _ => throw new InvalidOperationException("nothing is to be built");
        cluster.Send(new ClusterEvent.RollBackAsked(cluster.ServiceId(), "default", null, "ann", "looks odd"));

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 1 }), Story(cluster));
        Assert.All(cluster.Zone().Instances, i => Assert.Equal(1, i.Release));
    }

    [Fact]
    public void A_roll_back_to_what_was_never_there_is_refused_and_says_what_there_is()
    {
        var cluster = Deployed();
        var outcome = cluster.Send(new ClusterEvent.RollBackAsked(cluster.ServiceId(), "default", 7, "ann", ""));

        Assert.Equal("no-such-release", outcome.Refused!.Code);
        Assert.Empty(outcome.Persist);
    }

    [Fact]
    public void A_pushed_commit_that_was_rolled_back_is_not_tried_again_by_the_same_push()
    {
        var cluster = Deployed();
        cluster.Behave = (order, _, status) => status with { Phase = order.Release?.Number == 2 ? InstancePhase.Failed : InstancePhase.Ready };
        Push(cluster, '2');
        Assert.True(cluster.RunUntil(c => c.Zone().Active is null), Story(cluster));
        var deployments = cluster.Zone().Deployments.Length;
        Push(cluster, '2');
        cluster.Run(5);

        Assert.Equal(deployments, cluster.Zone().Deployments.Length);
        Assert.Null(cluster.Zone().Active);
    }

    [Fact]
    public void A_branch_that_does_not_exist_fails_the_deployment_with_the_answer_of_the_remote()
    {
        var cluster = Deployed();
        cluster.Deploy(branch: "mian");

        Assert.Equal(DeploymentPhase.Failed, cluster.Zone().Deployments[^1].Phase);
        Assert.Contains("has no branch mian", cluster.Zone().Deployments[^1].Failure!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_moves_to_another_server_when_its_builder_dies()
    {
        var cluster = Deployed();
        cluster.Build = _ => null;
        Push(cluster, '2');
        cluster.Run(1);
        var builder = cluster.View.Services[0].Releases[^1].Builder!;
        var name = cluster.View.Servers.Single(s => s.Server.Id == builder).Server.Name;
        cluster.Kill(name);
        cluster.Run(5);

        var next = cluster.View.Services[0].Releases[^1].Builder;
        Assert.NotEqual(builder, next);
        Assert.NotNull(next);
    }

    [Fact]
    public void A_build_that_fails_fails_the_deployment_and_nothing_else()
    {
        var cluster = Deployed();
        cluster.Build = b => new BuildStatus { ReleaseId = b.ReleaseId, Phase = BuildPhase.Failed, Failure = new Failure("build-failed", "the build exited with code 2") { Log = ["make: *** error"] } };
        Push(cluster, '2');
        cluster.Run(5);

        Assert.Equal(DeploymentPhase.Failed, cluster.Zone().Deployments[^1].Phase);
        Assert.Equal(["make: *** error"], cluster.Zone().Deployments[^1].Failure!.Log);
        Assert.Equal(2, cluster.Zone().Ready);
    }

    [Fact]
    public void With_a_fixed_port_and_no_free_server_the_old_instance_goes_first()
    {
        var cluster = Deployed(Samples.Web(servers: 2, spec: s => s with { Ports = [new Port("http", Number: 8080)] }));
        Push(cluster, '2');

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 2, Ready: 2 }), Story(cluster));
        Assert.Equal(2, cluster.Zone().Instances.Select(i => i.Server).Distinct().Count());
    }

    [Fact]
    public void A_server_that_dies_with_the_canary_is_not_held_against_the_release()
    {
        var cluster = Deployed(Samples.Web(servers: 4, instances: 2));
        Push(cluster, '2');
        Assert.True(cluster.RunUntil(c => c.Zone().Instances.Any(i => i is { Release: 2, Status.Phase: InstancePhase.Ready })), Story(cluster));
        cluster.Kill(cluster.Zone().Instances.Single(i => i.Release == 2).Server);

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 2, Ready: 2 }), Story(cluster));
    }

    [Fact]
    public void A_directory_is_deployed_by_its_digest_and_a_bare_command_without_any_build()
    {
        var cluster = new TestCluster();
        cluster.Apply(Samples.Web(service: s => s with { Source = new Source { Directory = "./api" } }));
        cluster.Run(2);
        Assert.Empty(cluster.Zone().Deployments);
        cluster.Deploy(sourceDigest: "abc");
        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Ready: 2 }), Story(cluster));
        Assert.Equal("digest-of-abc", cluster.Zone().Current!.Digest);

        cluster.Apply(Samples.Web(service: s => s with { Name = "job", Source = null }) with { Routes = [] });
        Assert.True(cluster.RunUntil(c => c.Zone("job") is { Active: null, Ready: 2 }));
        Assert.Null(cluster.Zone("job").Current!.Digest);
    }

    [Fact]
    public void An_uploaded_directory_is_deployed_in_place_of_the_branch_and_the_branch_comes_back_with_the_next_deployment()
    {
        var cluster = Deployed(Samples.Web());
        cluster.Deploy(sourceDigest: "abc");
        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current: { Number: 2, Commit: null, SourceDigest: "abc" } }), Story(cluster));

        cluster.Deploy();
        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current.Number: 1 }), Story(cluster));
    }

    [Fact]
    public void A_script_runs_once_on_every_server_of_its_role()
    {
        var cluster = new TestCluster();
        cluster.Apply(Samples.Web(spec: s => s with { Kind = RunKind.Script }) with { Routes = [] });

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Current: not null }), Story(cluster));
        Assert.Equal(3, cluster.Zone().Instances.Length);
    }

    [Fact]
    public void Old_releases_are_forgotten_but_never_one_that_runs()
    {
        var cluster = Deployed(Samples.Web(service: s => s with { Keep = new RetentionRule { Releases = 1 } }));
        foreach (var commit in "2345")
        {
            Push(cluster, commit);
            Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null } zone && zone.Current!.Commit == Commit(commit)), Story(cluster));
        }

        cluster.Run(15);
        Assert.Equal([4, 5], cluster.View.Services[0].Releases.Select(r => r.Number));
    }

    [Fact]
    public void Two_zones_with_the_same_commit_share_one_build()
    {
        var builds = new HashSet<string>();
        var cluster = new TestCluster();
        var build = cluster.Build;
        cluster.Build = b =>
        {
            builds.Add(b.ReleaseId);
            return build(b);
        };
        var file = Samples.Web(service: s => s with { Deployments = [s.Deployments[0], s.Deployments[0] with { Zone = "dev" }] });
        cluster.Apply(file with { Servers = file.Servers.Add(new Server { Name = "dev1", Zone = "dev", Roles = ["web"] }) });

        Assert.True(cluster.RunUntil(c => c.Zone() is { Active: null, Ready: 2 } && c.Zone(zone: "dev") is { Active: null, Ready: 2 }), Story(cluster));
        Assert.Single(builds);
    }

    private static void Push(TestCluster cluster, char commit)
    {
        cluster.Heads["main"] = Commit(commit);
        cluster.Send(new ClusterEvent.Pushed(cluster.ServiceId(), "main", "webhook"));
    }
}
