using OpenCluster.Decisions.Conducting;
using OpenCluster.Simulation.Parts;

namespace OpenCluster.Simulation;

/// <summary>The owner: applies files, pushes commits, scales, pauses, goes back. Whoever gets no answer asks again.</summary>
internal sealed class Operator(World world, Scenario scenario)
{
    private int commits;

    public int Pushes { get; private set; }

    /// <summary>What the last push brought.</summary>
    public Behaviour? LastPushed { get; private set; }

    public void Begin()
    {
        Commit(Behaviour.Draw(world.Random, good: true, underTraffic: false));
        Apply("first");
    }

    public void DoSomething()
    {
        switch (world.Random.Below(12))
        {
            case < 5:
                Push(Behaviour.Draw(world.Random, good: world.Random.Chance(60), world.Options.Faults));
                break;
            case 5:
                scenario.Instances = Math.Max(1, scenario.Instances + (world.Random.Chance(50) ? 1 : -1));
                Apply($"scale to {scenario.Instances}");
                break;
            case 6:
                scenario.Version++;
                Apply("another specification");
                break;
            case 7 when !scenario.FixedPort:
                scenario.TakenOut = scenario.TakenOut is null && scenario.WebServers.Count > 2 ? world.Random.Of(scenario.WebServers) : null;
                Apply(scenario.TakenOut is { } gone ? $"without {gone}" : "all servers again");
                break;
            case 8:
                Send("rolls back", id => new ClusterEvent.RollBackAsked(id, "default", null, "operator", ""));
                break;
            case 9:
                Send("deploys again", id => new ClusterEvent.DeployAsked(id, null, null, null, null, "operator", ""));
                break;
            case 10:
                Send("pushes the same", id => new ClusterEvent.Pushed(id, "main", "webhook"));
                break;
            default:
                Send("switches automatic acts off", id => new ClusterEvent.PauseChanged($"service/{id}", true, "operator", ""));
                world.Timeline.In(world.Random.Seconds(5, 30), Unpause);
                break;
        }
    }

    public void Unpause() => Send("switches automatic acts on", id => new ClusterEvent.PauseChanged($"service/{id}", false, "operator", ""));

    public void Push(Behaviour behaviour)
    {
        Commit(behaviour);
        Pushes++;
        LastPushed = behaviour;
        Send($"pushes {world.Head[..4]}, which is {behaviour.Kind}", id => new ClusterEvent.Pushed(id, "main", "webhook"));
    }

    private void Commit(Behaviour behaviour)
    {
        // Forty digits like a commit's name; the first four tell them apart for people.
        world.Head = $"{++commits:x4}{new string('0', 36)}";
        world.Commits[world.Head] = behaviour;
    }

    private void Apply(string why)
    {
        world.Trace.Say("operator", $"applies: {why}");
        Until(() =>
        {
            if (world.Controller.Handle(new ClusterEvent.Applied(scenario.File(), why, "operator", why)) is null)
                return false;
            Until(Provide);
            return true;
        });
    }

    /// <summary>Every server of the file has a machine. One that was taken out and comes again is new to the controller, and joins anew.</summary>
    private bool Provide()
    {
        if (world.Controller.Conductor is not { } conductor)
            return false;
        foreach (var server in conductor.View().Cluster.Servers.Where(s => !world.Machines.ContainsKey(s.Id)))
        {
            var machine = new Machine(world, server.Id, server.Name);
            world.Machines[server.Id] = machine;
            world.Timeline.In(world.Random.Millis(100, 2000), machine.StartAgent);
        }

        return true;
    }

    private void Send(string what, Func<string, ClusterEvent> happened)
    {
        world.Trace.Say("operator", $"{what}");
        Until(() => world.Controller.Conductor?.View().Services is [var service, ..] && world.Controller.Handle(happened(service.Service.Id)) is not null);
    }

    /// <summary>Again after a second, as long as nobody answers.</summary>
    private void Until(Func<bool> answered)
    {
        if (!answered())
            world.Timeline.In(TimeSpan.FromSeconds(1), () => Until(answered));
    }
}
