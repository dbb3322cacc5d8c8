using OpenCluster.Decisions;
using OpenCluster.Decisions.Sets;

namespace OpenCluster.Simulation.Sets;

/// <summary>A controller's care for the set. There may be two that both believe they lead: the store's compare-and-swap must be enough.</summary>
internal sealed class SetController
{
    private readonly SetWorld world;
    private SetState state;
    private long revision;
    private int starts;

    public SetController(SetWorld world, string name)
    {
        this.world = world;
        Name = name;
        Actor = new Actor(world, name, 1);
        state = Recover();
        Actor.Every(TimeSpan.FromMilliseconds(50), Tick);
    }

    public string Name { get; }
    public Actor Actor { get; }
    public SetState State => state;

    /// <summary>It dies between its next commit and what it was to do then.</summary>
    public bool CrashArmed { get; set; }

    public void Crash(TimeSpan away)
    {
        Actor.Die();
        world.Timeline.In(away, () =>
        {
            if (Actor.Up) return;
            Actor.Start();
            state = Recover();
            starts++;
            Actor.Every(TimeSpan.FromMilliseconds(50), Tick);
        });
    }

    public void Feed(SetEvent what)
    {
        var decision = SetCare.Handle(state, what, world.Rules, mayJudgeSilence: true, Actor.Now);
        if (decision.Persist == Persist.StateFirst)
        {
            if (!world.Store.TryCommit(revision, decision.State.Set))
            {
                // Somebody else decided meanwhile: what was thought here is void.
                world.Trace.Say(Name, $"was overtaken and reads again");
                state = Recover();
                return;
            }
            revision = world.Store.Revision;
            var set = decision.State.Set;
            world.Trace.Say(Name, $"epoch {set.Epoch} {set.Phase} primary {set.Primary ?? "-"} candidate {set.Candidate ?? "-"}: {set.Why}");
            if (CrashArmed)
            {
                CrashArmed = false;
                world.Trace.Say(Name, $"dies between commit and deed");
                Crash(world.Random.Millis(200, 5000));
                return;
            }
        }
        state = decision.State;
        foreach (var effect in decision.Effects) Do(effect);
    }

    private SetState Recover()
    {
        revision = world.Store.Revision;
        return SetState.Recover(world.Store.Set, Actor?.Now ?? Time.Timeline.Start);
    }

    private void Tick()
    {
        // Of two, one looks at the store now and then; the other works on what it remembers.
        if (revision != world.Store.Revision && world.Random.Chance(20)) state = Recover();
        if (state.NextAct is { } due && Actor.Now >= due) Feed(new SetEvent.TimePassed());
    }

    private void Do(SetEffect effect)
    {
        switch (effect)
        {
            case SetEffect.AskPromise ask:
                world.ToHost(Name, ask.Voter, h => h.Feed(new VoterEvent.PromiseAsked(ask.Epoch), answer => Answer(h, answer)));
                break;
            case SetEffect.AskReport ask:
                world.ToHost(Name, ask.Member, h => h.AskedToReport(ask.Epoch));
                break;
            case SetEffect.Promote promote:
                world.ToHost(Name, promote.Member, h => h.Feed(new CopyEvent.PromoteOrdered(promote.Epoch, promote.Electorate, promote.MayBeEmpty)));
                break;
            case SetEffect.Follow follow:
                world.ToHost(Name, follow.Member, h => h.Feed(new CopyEvent.FollowOrdered(follow.Primary, follow.Epoch)));
                break;
            case SetEffect.GiveUp give:
                world.ToHost(Name, give.Member, h => h.Feed(new CopyEvent.GiveUpOrdered(give.Epoch)));
                break;
            case SetEffect.UseElectorate use:
                world.ToHost(Name, use.Member, h => h.Feed(new CopyEvent.ElectorateOrdered(use.Epoch, use.Electorate)));
                break;
            case SetEffect.Announce announce:
                world.Announce(Name, announce);
                break;
            case SetEffect.NeedsPerson person:
                world.Trace.Say(Name, $"needs a person: {person.Why}");
                break;
        }
    }

    private void Answer(SetHost host, VoterEffect answer)
    {
        var born = starts;
        SetEvent? what = answer switch
        {
            VoterEffect.Promise promise => new SetEvent.Promised(host.Name, promise.Epoch, promise.LeaseLeft),
            VoterEffect.RefusePromise refusal => new SetEvent.PromiseRefused(host.Name, refusal.Epoch, refusal.Promised),
            _ => null,
        };
        if (what is null) return;
        world.Network.Send(host.Name, Name, Actor, () =>
        {
            if (born == starts) Feed(what);
        });
    }
}

/// <summary>The store: one document, changed by compare-and-swap.</summary>
internal sealed class SetStore(ReplicatedSet set)
{
    public ReplicatedSet Set { get; private set; } = set;
    public long Revision { get; private set; }

    public bool TryCommit(long expected, ReplicatedSet next)
    {
        if (expected != Revision) return false;
        (Set, Revision) = (next, Revision + 1);
        return true;
    }
}
