using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Conducting;

/// <summary>
/// A conductor with a store, and agents and load-balancers that do at once what they are told. Time is virtual: <see cref="Run"/>
/// lets it pass in heartbeats.
/// </summary>
internal sealed class TestCluster
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, long> sequence = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (InstanceStatus Status, DateTimeOffset Started)> running = new(StringComparer.Ordinal);

    public Conductor Conductor { get; private set; }
    public DateTimeOffset Now { get; private set; } = Start;
    public Dictionary<string, ReadOnlyMemory<byte>> Store { get; } = new(StringComparer.Ordinal);
    public List<Note> Notes { get; } = [];
    public List<ClusterEffect> Effects { get; } = [];
    public long Revision { get; private set; }

    /// <summary>Names of servers whose agents are dead.</summary>
    public HashSet<string> Dead { get; } = [];

    /// <summary>What the remote answers for a branch.</summary>
    public Dictionary<string, string> Heads { get; } = new(StringComparer.Ordinal) { ["main"] = "1111111111111111111111111111111111111111" };

    /// <summary>How an instance of a release behaves: its phase by the time since it started. Default: ready at once.</summary>
    public Func<InstanceOrder, TimeSpan, InstanceStatus, InstanceStatus> Behave { get; set; } = (_, _, s) => s with { Phase = InstancePhase.Ready };

    /// <summary>Requests and failures the load-balancers count for a target.</summary>
    public Func<Target, (long Requests, long Failed)> Traffic { get; set; } = _ => (0, 0);

    /// <summary>How a build ends; null builds for ever.</summary>
    public Func<BuildOrder, BuildStatus?> Build { get; set; } =
        b => new BuildStatus { ReleaseId = b.ReleaseId, Phase = BuildPhase.Done, Digest = $"digest-of-{b.Commit ?? b.SourceDigest}", SizeBytes = 1000 };

    public TestCluster()
    {
        (Conductor, var outcome) = Conductor.Recover([], Now);
        Carry(outcome);
    }

    public ClusterView View => Conductor.View();

    public ServiceZoneSight Zone(string service = "api", string zone = "default") =>
        View.Services.Single(s => s.Service.Name == service).Zones.Single(z => z.Zone == zone);

    public string ServiceId(string name = "api") => View.Services.Single(s => s.Service.Name == name).Service.Id;

    public Outcome Send(ClusterEvent happened)
    {
        var outcome = Conductor.Handle(happened, Now);
        Carry(outcome);
        while (Conductor.Wake <= Now)
            Carry(Conductor.Handle(new ClusterEvent.TimePassed(), Now));
        return outcome;
    }

    public Outcome Apply(Cluster cluster) => Send(new ClusterEvent.Applied(cluster, "text", "ann", ""));

    public Outcome Deploy(string service = "api", string? branch = null, string? commit = null, string? sourceDigest = null) =>
        Send(new ClusterEvent.DeployAsked(ServiceId(service), null, branch, commit, sourceDigest, "ann", ""));

    /// <summary>Lets agents and load-balancers report while time passes.</summary>
    public void Run(double seconds)
    {
        var until = Now + TimeSpan.FromSeconds(seconds);
        while (Now < until)
        {
            Now += Beat;
            while (Conductor.Wake <= Now)
                Carry(Conductor.Handle(new ClusterEvent.TimePassed(), Now));
            foreach (var server in View.Servers.Where(s => !Dead.Contains(s.Server.Name)).ToList())
                Send(new ClusterEvent.ServerReported(Report(server.Server)));
            foreach (var balancer in Conductor.Balancers)
                ReportBalancer(balancer);
        }
    }

    public bool RunUntil(Func<TestCluster, bool> condition, double seconds = 120)
    {
        var until = Now + TimeSpan.FromSeconds(seconds);
        while (Now < until && !condition(this))
            Run(Beat.TotalSeconds);
        return condition(this);
    }

    /// <summary>Time passes and nobody does anything.</summary>
    public void StandStill(TimeSpan time) => Now += time;

    /// <summary>The controller dies and comes back from what the store holds.</summary>
    public void Restart()
    {
        (Conductor, var outcome) = Conductor.Recover(Store, Now);
        Carry(outcome);
        Conductor.Committed(Revision);
    }

    /// <summary>The machine goes down with all that runs on it.</summary>
    public void Kill(string server)
    {
        Dead.Add(server);
        foreach (var id in running.Keys.Where(k => k.StartsWith(View.Servers.Single(s => s.Server.Name == server).Server.Id + "/", StringComparison.Ordinal)).ToList())
            running.Remove(id);
    }

    private ServerReport Report(Server server)
    {
        var assignment = Conductor.Assignment(server.Id)!;
        var statuses = ImmutableArray.CreateBuilder<InstanceStatus>();
        foreach (var order in assignment.Instances)
        {
            var key = $"{server.Id}/{order.Id}";
            if (!running.TryGetValue(key, out var here))
                here = (new InstanceStatus { Id = order.Id, ReleaseId = order.Release?.Id, Phase = InstancePhase.Starting, Ports = Ports(order) }, Now);
            here.Status = order.Wanted switch
            {
                Wanted.Drain => here.Status with { Phase = InstancePhase.Draining },
                Wanted.Stop => here.Status with { Phase = InstancePhase.Stopped },
                _ when order.Release is null => here.Status with { Phase = InstancePhase.Ready },
                _ => Behave(order, Now - here.Started, here.Status),
            };
            running[key] = here;
            statuses.Add(here.Status);
        }

        foreach (var script in assignment.Scripts)
            statuses.Add(new InstanceStatus { Id = script.InstanceId, ReleaseId = script.Release.Id, Phase = InstancePhase.Stopped });
        sequence[server.Id] = sequence.GetValueOrDefault(server.Id) + 1;
        return new ServerReport
        {
            ServerId = server.Id,
            BootId = "boot-1",
            AgentStarted = Start,
            Sequence = sequence[server.Id],
            Address = $"10.0.0.{server.Id.Split('-')[1]}",
            Instances = statuses.ToImmutable(),
            Builds = [.. assignment.Builds.Select(b => Build(b) ?? new BuildStatus { ReleaseId = b.ReleaseId, Phase = BuildPhase.Building })],
        };
    }

    private static ImmutableSortedDictionary<string, int> Ports(InstanceOrder order) =>
        ImmutableSortedDictionary<string, int>.Empty.Add("http", 20000 + Math.Abs(order.Id.Sum(c => c)));

    private void ReportBalancer(string balancer)
    {
        if (Conductor.Snapshot(balancer) is not { } snapshot || View.Balancers.Single(b => b.Process.Instance.Id == balancer).Process.Status?.Phase != InstancePhase.Ready)
            return;
        Send(new ClusterEvent.BalancerReported(new BalancerReport
        {
            Balancer = balancer,
            Revision = Revision,
            Targets = [.. snapshot.Routes.SelectMany(r => r.Targets).DistinctBy(t => t.Id).Select(t => new TargetReport
            {
                Id = t.Id,
                State = running.Any(r => r.Key.EndsWith($"/{t.Id}", StringComparison.Ordinal) && r.Value.Status.Phase is InstancePhase.Ready or InstancePhase.Draining) ? TargetState.Up : TargetState.Down,
                Requests = Traffic(t).Requests,
                Failed = Traffic(t).Failed,
            })],
        }));
    }

    private void Carry(Outcome outcome)
    {
        Assert.True(outcome.Persist.Length <= Outcome.MaxDocuments, $"{outcome.Persist.Length} documents in one outcome");
        if (!outcome.Persist.IsEmpty)
            Revision++;
        foreach (var write in outcome.Persist)
        {
            if (write.Json is { } json)
                Store[write.Key] = json;
            else
                Store.Remove(write.Key);
        }

        Conductor.Committed(Revision);
        Effects.AddRange(outcome.Effects);
        foreach (var effect in outcome.Effects)
        {
            if (effect is ClusterEffect.Tell tell)
                Notes.Add(tell.Note);
            else if (effect is ClusterEffect.ResolveCommit resolve)
                Answer(resolve);
        }
    }

    private void Answer(ClusterEffect.ResolveCommit resolve)
    {
        var commit = resolve.Commit ?? Heads.GetValueOrDefault(resolve.Branch ?? "main");
        Carry(Conductor.Handle(
            commit is null
                ? new ClusterEvent.CommitNotResolved(resolve.DeploymentId, new Failure("no-such-branch", $"{resolve.Git} has no branch {resolve.Branch}."))
                : new ClusterEvent.CommitResolved(resolve.DeploymentId, commit, $"commit {commit[..1]}"),
            Now));
    }
}
