using OpenCluster.Decisions;
using OpenCluster.Decisions.Sets;

namespace OpenCluster.Simulation.Sets;

/// <summary>A server with an agent: a voter, and a copy of the set unless it is a witness.</summary>
internal sealed class SetHost
{
    private readonly SetWorld world;
    private readonly bool isWitness;
    private Voter voter;
    private Copy copy;
    private WriteLease? lease;
    private int failedChecks;

    // On disk.
    private Voter? voterOnDisk;
    private Copy copyOnDisk;

    public SetHost(SetWorld world, string name, bool isWitness, double rate)
    {
        this.world = world;
        this.isWitness = isWitness;
        Name = name;
        Agent = new Actor(world, name, rate);
        Server = new SetServer(world, this, rate);
        copy = copyOnDisk = new Copy { Member = name };
        voter = Voter.Start(null, world.Rules, Agent.Now);
        if (isWitness) Server.Actor.Die();
        else Server.Start();
        Begin();
    }

    public string Name { get; }
    public Actor Agent { get; }
    public SetServer Server { get; }
    public Copy Copy => copy;

    /// <summary>The agent dies before the effects of what it persists next.</summary>
    public bool CrashArmed { get; set; }

    public void StartAgent()
    {
        if (Agent.Up) return;
        Agent.Start();
        voter = Voter.Start(voterOnDisk, world.Rules, Agent.Now);
        copy = copyOnDisk with { Alive = false, Trouble = null };
        lease = null;
        Begin();
    }

    public void CrashAgent()
    {
        Agent.Die();
        lease = null;
    }

    /// <summary>Power fails: agent and server die together.</summary>
    public void PowerOff()
    {
        CrashAgent();
        Server.Actor.Die();
    }

    public void PowerOn()
    {
        if (!isWitness && !Server.Actor.Up) Server.Start();
        StartedAnew = true;
        StartAgent();
    }

    /// <summary>The server's process is not the one the agent left.</summary>
    public bool StartedAnew { get; set; }

    public void KillServer()
    {
        if (isWitness || !Server.Actor.Up) return;
        Server.Actor.Die();
        StartedAnew = true;
        Agent.Run(() => Feed(new CopyEvent.ProcessEnded("its process was killed")));
        world.Timeline.In(world.Random.Millis(50, 1500), RestartServer);
    }

    public void Feed(CopyEvent what)
    {
        var decision = CopyCare.Handle(copy, what);
        copy = decision.State;
        if (decision.Persist == Persist.StateFirst)
        {
            copyOnDisk = copy;
            if (Crashes()) return;
        }
        foreach (var effect in decision.Effects) Do(effect);
    }

    public void Feed(VoterEvent what, Action<VoterEffect> answer)
    {
        var decision = Voting.Handle(voter, what, world.Rules, Agent.Now);
        voter = decision.State;
        if (decision.Persist == Persist.StateFirst)
        {
            voterOnDisk = voter;
            if (Crashes()) return;
        }
        foreach (var effect in decision.Effects) answer(effect);
    }

    public void HearPrimary(long epoch) => Agent.Run(() => Feed(new VoterEvent.PrimaryHeard(epoch), _ => { }));

    private void RestartServer()
    {
        if (Server.Actor.Up || !world.IsPowered(this)) return;
        Server.Start();
        Agent.Run(() => Feed(new CopyEvent.ProcessStarted(Server.Progress.Lineage, Server.Progress.Offset)));
    }

    private bool Crashes()
    {
        if (!CrashArmed) return false;
        CrashArmed = false;
        world.Trace.Say(Name, $"the agent dies between disk and deed");
        CrashAgent();
        world.Timeline.In(world.Random.Millis(100, 3000), StartAgent);
        return true;
    }

    private void Begin()
    {
        if (!isWitness) Feed(WhatWasFound());
        StartedAnew = false;
        Agent.Every(TimeSpan.FromMilliseconds(300), Report);
        Agent.Every(TimeSpan.FromMilliseconds(50), () => Feed(new LeaseEvent.TimePassed()));
        if (!isWitness) Agent.Every(TimeSpan.FromMilliseconds(250), Check);
    }

    private CopyEvent WhatWasFound() => (Server.Actor.Up, StartedAnew) switch
    {
        (false, _) => new CopyEvent.ProcessEnded("its process was gone when its agent came back"),
        (true, true) => new CopyEvent.ProcessStarted(Server.Progress.Lineage, Server.Progress.Offset),
        (true, false) => new CopyEvent.ProcessFound(Server.Progress.Lineage, Server.Progress.Offset),
    };

    /// <summary>What an agent's health check sees: a process that stands still does not answer.</summary>
    private void Check()
    {
        if (!Server.Actor.Up) return;
        failedChecks = Server.Actor.Frozen ? failedChecks + 1 : 0;
        if (failedChecks == 4) Feed(new CopyEvent.ProcessHangs("it does not answer its check"));
        if (failedChecks == 0 && !copy.Alive) Feed(new CopyEvent.ProcessStarted(Server.Progress.Lineage, Server.Progress.Offset));
    }

    private void Report()
    {
        ReadProgress();
        var (epoch, silent) = (voter.Promised, Agent.Now - voter.HeardAt);
        world.ToControllers(Name, c => c.Feed(new SetEvent.VoterSaid(Name, epoch, silent)));
        if (isWitness) return;
        var report = copy.Report();
        world.ToControllers(Name, c => c.Feed(new SetEvent.Reported(report)));
    }

    private void ReadProgress()
    {
        if (!isWitness && copy.Alive && Server.Actor is { Up: true, Frozen: false }) Feed(new CopyEvent.Progressed(Server.Progress.Lineage, Server.Progress.Offset));
    }

    private void Do(CopyEffect effect)
    {
        switch (effect)
        {
            case CopyEffect.MakePrimary make:
                world.Trace.Say(Name, $"is primary of epoch {make.Epoch} with {Server.History.Length} writes");
                Server.Actor.Run(() => Server.MakePrimary(make.Epoch));
                break;
            case CopyEffect.FollowPrimary follow:
                Server.Actor.Run(() => Server.Follow(follow.Primary, follow.Epoch));
                break;
            case CopyEffect.Fence:
                Server.Actor.Run(Server.Fence);
                break;
            case CopyEffect.BeginLease begin when lease is { Over: false } && lease.Epoch == begin.Epoch:
                Feed(new LeaseEvent.ElectorateChanged(begin.Electorate));
                break;
            case CopyEffect.BeginLease begin:
                lease = new WriteLease { Asker = Name, Holder = Name, Epoch = begin.Epoch, Electorate = begin.Electorate };
                break;
            case CopyEffect.EndLease end when lease?.Epoch == end.Epoch:
                if (end.Return) Feed(new LeaseEvent.Ended());
                else lease = null;
                break;
            case CopyEffect.Kill when !world.Random.Chance(30):
                KillServer();
                break;
            case CopyEffect.Tell tell:
                world.ToControllers(Name, c => c.Feed(new SetEvent.Reported(tell.Report)));
                break;
        }
    }

    /// <summary>Asked in a newer epoch: what it holds now, not what it held when last looked at.</summary>
    public void AskedToReport(long epoch)
    {
        ReadProgress();
        Feed(new CopyEvent.ReportAsked(epoch));
    }

    private void Feed(LeaseEvent what)
    {
        if (lease is null) return;
        var decision = LeaseKeeping.Handle(lease, what, world.Rules, Agent.Now);
        lease = decision.State;
        foreach (var effect in decision.Effects)
        {
            switch (effect)
            {
                case LeaseEffect.Ask ask:
                    world.AskLease(Name, Agent, ask, Feed);
                    break;
                case LeaseEffect.Return back:
                    world.ToHost(Name, back.Voter, h => h.Feed(new VoterEvent.LeaseReturned(back.Epoch, back.Holder), _ => { }));
                    break;
                case LeaseEffect.StopWrites:
                    Server.Actor.Run(Server.Fence);
                    break;
            }
        }
    }
}
