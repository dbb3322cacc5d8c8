using System.Collections.Immutable;
using OpenCluster.Decisions.Plans;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Servers;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Where the controller's machines meet: an event goes to the machines it concerns, what they decide becomes documents and effects.
/// Owned by one loop. After a crash it is made again from the documents, and repeats the effects that may not have happened.
/// </summary>
public sealed class Conductor
{
    /// <summary>After a start, agents have this long to report before anybody is judged.</summary>
    public static readonly TimeSpan RecoveryGrace = TimeSpan.FromSeconds(5);

    private readonly Situation situation;

    private Conductor(DateTimeOffset now) => situation = new Situation(now);

    /// <summary>When <see cref="ClusterEvent.TimePassed"/> is next due (the past: at once); null when nothing waits for time.</summary>
    public DateTimeOffset? Wake
    {
        get
        {
            if (situation.PlacesQueued > 0 || situation.PartsDue || situation.LeftoversDue || !situation.State.Objects.Due.IsEmpty)
                return situation.Now;
            var next = situation.ServerWakes.Next;
            foreach (var other in (ReadOnlySpan<DateTimeOffset?>)[situation.PlaceWakes.Next, situation.SpreadWakes.Next, situation.SetWakes.Next])
                next = next is null || other < next ? other : next;
            return next;
        }
    }

    /// <summary>A conductor from everything the store holds, and the effects to carry out (again) at once.</summary>
    public static (Conductor Conductor, Outcome Outcome) Recover(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> documents, DateTimeOffset now)
    {
        var conductor = new Conductor(now);
        foreach (var (key, json) in documents)
            conductor.situation.State.Load(key, json.Span);
        return (conductor, conductor.Resume(now));
    }

    public Outcome Handle(ClusterEvent happened, DateTimeOffset now)
    {
        NoticeTime(now);
        switch (happened)
        {
            case ClusterEvent.ServerReported e:
                ServerCare.Reported(situation, e.Report);
                break;
            case ClusterEvent.ServerHeard e:
                ServerCare.Heard(situation, e.ServerId);
                break;
            case ClusterEvent.BalancerReported e:
                BalancerCare.Reported(situation, e.Report);
                break;
            case ClusterEvent.Applied e:
                Applying.Apply(situation, e);
                break;
            case ClusterEvent.Changed e:
                Applying.Change(situation, e);
                break;
            case ClusterEvent.DeployAsked e:
                DeployAsked(e);
                break;
            case ClusterEvent.Pushed e:
                Pushed(e);
                break;
            case ClusterEvent.CommitResolved e:
                if (situation.State.Deployment(e.DeploymentId) is { Phase: DeploymentPhase.Resolving } resolving)
                    Deploying.Resolved(situation, resolving, e.Commit, e.Message);
                break;
            case ClusterEvent.CommitNotResolved e:
                if (situation.State.Deployment(e.DeploymentId) is { Phase: DeploymentPhase.Resolving } unresolved)
                    Deploying.End(situation, unresolved.FailedWith(e.Failure, situation.Now));
                break;
            case ClusterEvent.RollBackAsked e:
                RollBackAsked(e);
                break;
            case ClusterEvent.PauseChanged e:
                Pausing.Change(situation, e);
                break;
            case ClusterEvent.CachePurgeAsked e:
                Purging.Purge(situation, e);
                break;
            case ClusterEvent.RespiteChanged e:
                Resting.Change(situation, e);
                break;
            case ClusterEvent.SecretChanged e:
                SecretCare.Changed(situation, e);
                break;
            case ClusterEvent.SetsSaid e:
                SpaceCare.Said(situation, e.ServerId, e.Words);
                break;
            case ClusterEvent.PrimaryMoveAsked e:
                SpaceCare.Move(situation, e);
                break;
            case ClusterEvent.PrimaryForced e:
                SpaceCare.Force(situation, e);
                break;
            case ClusterEvent.TimePassed:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened), happened, "not an event of a cluster");
        }

        LookAtDue();
        WorkOff();
        return situation.Changes.Take();
    }

    /// <summary>
    /// The shell says at which revision the store committed the last outcome (after <see cref="Recover"/>: the revision read at).
    /// A load-balancer that serves a snapshot at least that new knows of every drain decided until then.
    /// </summary>
    public void Committed(long revision)
    {
        foreach (var instance in situation.DrainRevision.Where(d => d.Value == long.MaxValue).Select(d => d.Key).ToList())
            situation.DrainRevision[instance] = revision;
    }

    /// <summary>
    /// Deciding about this service in this zone failed before: it stays as it is until then, and is looked at again. When that goes well the
    /// outcome tells so (<see cref="Outcome.Understood"/>).
    /// </summary>
    public void LeaveOut(ServiceZone place, DateTimeOffset until)
    {
        situation.LeftOut[place] = until;
        situation.Queue(place);
    }

    /// <summary>What a server's agent should be told now. Revision and generation are the shell's to fill in; without them, equal means unchanged.</summary>
    public Assignment? Assignment(string serverId) => ServerPlan.For(situation.State, serverId);

    /// <summary>Instance ids of the load-balancer processes there should be.</summary>
    public ImmutableArray<string> Balancers => BalancerPlan.Processes(situation.State);

    /// <summary>What a load-balancer process should serve; null when there is no such process. Revision and generation are the shell's to fill in.</summary>
    public BalancerSnapshot? Snapshot(string balancer) => BalancerPlan.For(situation.State, balancer);

    /// <summary>What services may do at load-balancers; the tokens for it are the shell's to make.</summary>
    public ImmutableArray<AppGrant> AppGrants => RegistrarPlan.Grants(situation.State);

    /// <summary>What the owner declared, with ids; another object after each change.</summary>
    public Cluster Cluster => situation.State.Objects.Cluster;

    /// <summary>Number of the newest purge of the caches; 0 for none.</summary>
    public long LastPurge => situation.State.Purges.Values.Select(p => p.Number).DefaultIfEmpty().Max();

    /// <summary>Why a server carries no load; null when it does.</summary>
    public Respite? Respite(string serverId) => situation.State.Respites.Find(serverId);

    /// <summary>Which values of a secret there are; null when it never had one.</summary>
    public SecretVersions? SecretVersions(string secretId) => situation.State.Secrets.Find(secretId);

    /// <summary>Everything there is to see, as it is now.</summary>
    public ClusterView View() => Viewing.Of(situation);

    /// <summary>What applying this would do to what runs, per server, and why. Nothing is changed.</summary>
    public ImmutableArray<Move> Preview(Cluster proposed) => Previewing.Of(situation, proposed);

    /// <summary>Every document except applied files as memory has it; for checks that memory and store agree.</summary>
    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Documents() => situation.State.Documents();

    private Outcome Resume(DateTimeOffset now)
    {
        var state = situation.State;
        situation.Doubt = new SelfDoubt { JudgeFrom = now + RecoveryGrace };
        foreach (var server in state.Objects.Cluster.Servers.Concat(state.Objects.Leaving))
        {
            var health = ServerHealth.Awaited(everSeen: state.Seen.Has(server.Id), now);
            situation.Servers[server.Id] = new ObservedServer(health);
            situation.ServerWakes.At(server.Id, Heartbeat.NextLook(health, situation.Settings, situation.Doubt.JudgeFrom));
            situation.Changes.TellAgent(server.Id);
        }

        foreach (var instance in state.Instances.Where(i => i.Wanted != Wanted.Run))
            situation.DrainRevision[instance.Id] = long.MaxValue;
        foreach (var waiting in state.Deployments.Where(d => d.Phase == DeploymentPhase.Resolving).OrderBy(d => d.Id, StringComparer.Ordinal))
        {
            if (state.Objects.Service(waiting.ServiceId)?.Source?.Git is { } git)
                situation.Changes.Do(new ClusterEffect.ResolveCommit(waiting.Id, git, waiting.Branch, waiting.Commit));
        }

        SpaceCare.Recover(situation);
        situation.Changes.TellBalancers();
        Applying.QueueAll(situation);
        return situation.Changes.Take();
    }

    /// <summary>An observer that stood still itself must not take its own silence for that of others.</summary>
    private void NoticeTime(DateTimeOffset now)
    {
        if (Wake is { } due && now - due > SelfDoubt.LateBy && now - situation.Now > SelfDoubt.LateBy)
        {
            situation.Say(Weight.Warning, "controller", $"The controller itself stood still for {Words.For(now - situation.Now)}; silence of others in that time proves nothing.");
            situation.Doubt = situation.Doubt with { JudgeFrom = now };
        }

        if (now > situation.Now)
            situation.Now = now;
    }

    private void LookAtDue()
    {
        while (situation.ServerWakes.TryTake(situation.Now, out var server))
            ServerCare.Look(situation, server);
        while (situation.PlaceWakes.TryTake(situation.Now, out var place))
            situation.Queue(place);
        while (situation.SpreadWakes.TryTake(situation.Now, out var spread))
            situation.Queue(spread);
        while (situation.SetWakes.TryTake(situation.Now, out var set))
            SpaceCare.Feed(situation, set, new SetEvent.TimePassed());
    }

    private void WorkOff()
    {
        if (!situation.State.Objects.Due.IsEmpty)
            Applying.MakeDue(situation);
        if (situation.PartsDue && situation.Changes.Documents < ServiceCare.FullOutcome)
            Parts.Look(situation);
        // A place that asks for another round asks for it at once, through its wake: it comes with the next event.
        for (var most = situation.PlacesQueued; most > 0 && situation.Changes.Documents < ServiceCare.FullOutcome && situation.TryNext(out var place); most--)
            Look(place);
        Leftovers.Forget(situation);
    }

    /// <summary>One place that cannot be decided about must not stop all others, so a failure says which it was.</summary>
    private void Look(ServiceZone place)
    {
        if (situation.LeftOut.TryGetValue(place, out var until) && situation.Now < until)
        {
            situation.PlaceWakes.At(place, until);
            return;
        }

        try
        {
            ServiceCare.Look(situation, place);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new PlaceUndecidedException(place, error);
        }

        if (situation.LeftOut.Remove(place)) situation.Changes.Understood(place);
    }

    private void DeployAsked(ClusterEvent.DeployAsked e)
    {
        if (situation.State.Objects.Service(e.ServiceId) is not { } service)
        {
            Refuse("no-such-service", $"There is no service {e.ServiceId}.");
            return;
        }

        var zones = service.Deployments.Where(d => e.Zone is null || d.Zone == e.Zone || situation.State.Objects.ZoneId(d.Zone) == e.Zone).ToList();
        if (zones.Count == 0)
            Refuse("not-in-zone", $"{service.Name} does not go to zone {e.Zone}; it goes to {string.Join(", ", service.Deployments.Select(d => d.Zone))}.");
        foreach (var zone in zones)
            Deploying.Ask(situation, new(service.Id, situation.State.Objects.ZoneId(zone.Zone)), new DeployWish(e.Branch, e.Commit, e.SourceDigest, e.By, e.Why));
    }

    private void Pushed(ClusterEvent.Pushed e)
    {
        if (situation.State.Objects.Service(e.ServiceId) is not { Source.Git: not null } service)
            return;
        if (situation.Paused(service.Id) is { } pause)
        {
            situation.Say(Weight.Warning, $"service/{service.Name}", $"A push to {service.Name} is not deployed, because {pause.By} switched automatic acts off{Words.Because(pause.Why)}.");
            return;
        }

        foreach (var zone in service.Deployments.Where(d => e.Branch is null || d.Branch is null || d.Branch == e.Branch))
        {
            Deploying.Ask(situation, new(service.Id, situation.State.Objects.ZoneId(zone.Zone)),
                new DeployWish(zone.Branch, null, null, e.By, $"push{(zone.Branch is null ? "" : $" to {zone.Branch}")}", Pushed: true));
        }
    }

    private void RollBackAsked(ClusterEvent.RollBackAsked e)
    {
        if (situation.State.Objects.Service(e.ServiceId) is not { } service)
            Refuse("no-such-service", $"There is no service {e.ServiceId}.");
        else if (situation.State.Objects.Zone(e.Zone) is not { } zone || service.In(zone.Name) is null)
            Refuse("not-in-zone", $"{service.Name} does not go to zone {e.Zone}; it goes to {string.Join(", ", service.Deployments.Select(d => d.Zone))}.");
        else
            Deploying.RollBack(situation, new(service.Id, zone.Id), e.ToNumber, e.By, e.Why);
    }

    private void Refuse(string code, string reason) => situation.Changes.Refused = new Failure(code, reason);
}
