using OpenCluster.Decisions.Sets;

namespace OpenCluster.Simulation.Sets;

/// <summary>Clients and the relay before them: sends writes to the primary it was told of, and acknowledges what is confirmed while its lease holds.</summary>
internal sealed class Relay
{
    private readonly SetWorld world;
    private WriteLease? lease;

    public Relay(SetWorld world, string name, double rate)
    {
        this.world = world;
        Name = name;
        Actor = new Actor(world, name, rate);
        Actor.Every(TimeSpan.FromMilliseconds(40), Write);
        Actor.Every(TimeSpan.FromMilliseconds(50), () => Feed(new LeaseEvent.TimePassed()));
        Actor.Every(TimeSpan.FromMilliseconds(400), () => world.AskWhere(this));
    }

    public string Name { get; }
    public Actor Actor { get; }

    public void Told(string primary, long epoch, Electorate electorate)
    {
        if (lease is not null && epoch < lease.Epoch) return;
        if (lease is null || epoch > lease.Epoch) lease = new WriteLease { Asker = Name, Holder = primary, Epoch = epoch, Electorate = electorate };
        else Feed(new LeaseEvent.ElectorateChanged(electorate));
    }

    public void Feed(LeaseEvent what)
    {
        if (lease is null) return;
        var decision = LeaseKeeping.Handle(lease, what, world.Rules, Actor.Now);
        lease = decision.State;
        foreach (var effect in decision.Effects)
        {
            if (effect is LeaseEffect.Ask ask) world.AskLease(Name, Actor, ask, Feed);
        }
    }

    public void Confirmed(int write, long epoch, DateTimeOffset confirmed)
    {
        if (lease is null || lease.Epoch != epoch || !lease.MayAcknowledge(Actor.Now)) return;
        world.Checks.Acknowledged(write, epoch, confirmed);
    }

    private void Write()
    {
        if (!world.ClientsOn || lease is not { Over: false } held) return;
        var write = world.NextWrite();
        world.ToServer(Name, held.Holder, server => server.Write(this, held.Epoch, write));
    }
}
