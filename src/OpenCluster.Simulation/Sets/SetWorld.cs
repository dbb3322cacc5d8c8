using System.Collections.Immutable;
using OpenCluster.Decisions.Sets;
using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation.Sets;

/// <summary>A replicated set in a world of its own: hosts with copies, witnesses, relays with clients, one or two controllers, a network.</summary>
internal sealed class SetWorld
{
    private int writes;

    public SetWorld(ulong seed, bool trace)
    {
        Random = new Xoshiro(seed);
        Trace = new Trace(Timeline, trace);
        Checks = new SetChecks();
        Network = new SetNetwork(this);

        var copies = Random.Between(2, 5);
        var witnesses = copies == 2 ? 1 : Random.Between(0, 2);
        string[] members = [.. Enumerable.Range(1, copies).Select(i => $"m{i}")];
        string[] voters = [.. members, .. Enumerable.Range(1, witnesses).Select(i => $"w{i}")];
        Set = new ReplicatedSet
        {
            Id = "set",
            Members = [.. members],
            Electorate = new Electorate(1, [.. voters]),
            Replicas = copies == 2 ? 1 : Random.Between(1, (copies - 1) / 2 + 1),
        };
        Store = new SetStore(Set);
        Controllers = [.. Enumerable.Range(1, Random.Chance(25) ? 2 : 1).Select(i => new SetController(this, $"c{i}"))];
        foreach (var name in voters) Hosts.Add(name, new SetHost(this, name, name[0] == 'w', Rate()));
        Relays = [.. Enumerable.Range(1, 2).Select(i => new Relay(this, $"r{i}", Rate()))];
    }

    public Timeline Timeline { get; } = new();
    public DateTimeOffset Now => Timeline.Now;
    public Xoshiro Random { get; }
    public Trace Trace { get; }
    public SetChecks Checks { get; }
    public SetNetwork Network { get; }
    public LeaseRules Rules { get; } = new();
    /// <summary>As it was declared.</summary>
    public ReplicatedSet Set { get; }
    public SetStore Store { get; }
    public SortedDictionary<string, SetHost> Hosts { get; } = new(StringComparer.Ordinal);
    public ImmutableArray<Relay> Relays { get; }
    public ImmutableArray<SetController> Controllers { get; }
    public bool ClientsOn { get; set; }
    public HashSet<string> WithoutPower { get; } = new(StringComparer.Ordinal);

    public IEnumerable<SetHost> Members => Set.Members.Select(m => Hosts[m]);

    public bool IsPowered(SetHost host) => !WithoutPower.Contains(host.Name);

    public int NextWrite() => ++writes;

    public void ToHost(string from, string to, Action<SetHost> deliver)
    {
        if (Hosts.TryGetValue(to, out var host)) Network.Send(from, to, host.Agent, () => deliver(host));
    }

    public void ToServer(string from, string to, Action<SetServer> deliver)
    {
        if (Hosts.TryGetValue(to, out var host)) Network.Send(from, to, host.Server.Actor, () => deliver(host.Server));
    }

    public void ToControllers(string from, Action<SetController> deliver)
    {
        foreach (var controller in Controllers) Network.Send(from, controller.Name, controller.Actor, () => deliver(controller));
    }

    public void AskLease(string asker, Actor back, LeaseEffect.Ask ask, Action<LeaseEvent> feed) => ToHost(asker, ask.Voter, host =>
        host.Feed(new VoterEvent.LeaseAsked(ask.Epoch, ask.Holder, asker, ask.AskedAt), answer =>
        {
            LeaseEvent? what = answer switch
            {
                VoterEffect.Grant grant => new LeaseEvent.Granted(host.Name, grant.Epoch, grant.AskedAt),
                VoterEffect.Refuse refusal => new LeaseEvent.Refused(host.Name, refusal.Epoch, refusal.Promised),
                _ => null,
            };
            if (what is not null) Network.Send(host.Name, asker, back, () => feed(what));
        }));

    public void Announce(string from, SetEffect.Announce announce)
    {
        foreach (var relay in Relays) Network.Send(from, relay.Name, relay.Actor, () => relay.Told(announce.Primary, announce.Epoch, announce.Electorate));
    }

    /// <summary>A relay asks a controller where the primary is; one that knows none says nothing.</summary>
    public void AskWhere(Relay relay)
    {
        var controller = Random.Of(Controllers);
        Network.Send(relay.Name, controller.Name, controller.Actor, () =>
        {
            if (controller.State.Set is { Phase: SetPhase.Serving, Primary: { } primary } set)
                Network.Send(controller.Name, relay.Name, relay.Actor, () => relay.Told(primary, set.Epoch, set.Electorate));
        });
    }

    /// <summary>Within what leases allow for: one percent either way.</summary>
    private double Rate() => 0.992 + (Random.Below(17) / 1000.0);
}
