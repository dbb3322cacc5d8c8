namespace OpenCluster.Simulation.Sets;

/// <summary>Breaks things around a set; every fault ends by itself. Data is lost only from one copy at a time, and never while another is behind.</summary>
internal sealed class SetFaults(SetWorld world)
{
    private static readonly string[] Outside = ["r1", "r2", "c1", "c2"];
    private DateTimeOffset fragileUntil = Time.Timeline.Start;

    public int Count { get; private set; }

    public void BreakSomething()
    {
        if (world.Now < fragileUntil && !AllInStep()) return;
        Count++;
        var random = world.Random;
        var host = random.Of([.. world.Hosts.Values]);
        var primary = world.Store.Set.Primary is { } name && random.Chance(50) ? world.Hosts[name] : host;
        var member = random.Of([.. world.Members]);
        switch (random.Below(17))
        {
            case 0 or 1:
                world.Trace.Say("fault", $"kill -9 of the server on {primary.Name}");
                primary.KillServer();
                break;
            case 2:
                PowerLoss(primary, random.Chance(50) ? random.Seconds(1, 4) : random.Seconds(5, 25));
                break;
            case 3:
                world.Trace.Say("fault", $"the agent of {primary.Name} dies");
                primary.CrashAgent();
                world.Timeline.In(random.Millis(50, 6000), primary.StartAgent);
                break;
            case 4:
                Freeze($"the server on {primary.Name}", random.Millis(500, 20_000), primary.Server.Actor);
                break;
            case 5:
                Freeze($"the agent of {primary.Name}", random.Millis(500, 20_000), primary.Agent);
                break;
            case 6:
                Freeze($"all of {primary.Name}", random.Millis(500, 20_000), primary.Agent, primary.Server.Actor);
                break;
            case 7:
                var relay = random.Of(world.Relays);
                Freeze(relay.Name, random.Millis(500, 5000), relay.Actor);
                break;
            case 8:
                Cut($"{primary.Name} from everybody", [primary.Name], Others(primary.Name));
                break;
            case 9:
                var half = world.Hosts.Keys.Concat(Outside).Where(_ => random.Chance(50)).ToList();
                Cut($"{string.Join(' ', half)} from the others", half, [.. world.Hosts.Keys.Concat(Outside).Except(half)]);
                break;
            case 10:
                Cut("the controllers from everybody", ["c1", "c2"], Others("c1", "c2"));
                break;
            case 11:
                Cut($"{host.Name} from {primary.Name}", [host.Name], [primary.Name], oneWay: random.Chance(50));
                break;
            case 12:
                var percent = random.Between(5, 40);
                world.Trace.Say("fault", $"{percent} % of messages are lost");
                world.Network.LossPercent = percent;
                world.Timeline.In(random.Seconds(2, 20), () => world.Network.LossPercent = 0);
                break;
            case 13:
                world.Network.Slow = random.Millis(20, 300);
                world.Trace.Say("fault", $"messages take {world.Network.Slow.TotalMilliseconds:0} ms more");
                world.Timeline.In(random.Seconds(2, 20), () => world.Network.Slow = TimeSpan.Zero);
                break;
            case 14:
                var controller = random.Of(world.Controllers);
                world.Trace.Say("fault", $"{controller.Name} will die with its next commit");
                controller.CrashArmed = true;
                break;
            case 15:
                world.Trace.Say("fault", $"the agent of {primary.Name} will die with what it persists next");
                primary.CrashArmed = true;
                break;
            default:
                LoseData(member);
                break;
        }
    }

    /// <summary>An empty disk, or the end of a log that was never synced. Redundancy is gone until it is filled again, and nothing else breaks meanwhile.</summary>
    private void LoseData(SetHost member)
    {
        if (!AllInStep()) return;
        fragileUntil = world.Now + TimeSpan.FromSeconds(60);
        var wiped = world.Random.Chance(50);
        world.Trace.Say("fault", $"{member.Name} {(wiped ? "comes back with an empty disk" : "loses power and the end of its log")}");
        member.PowerOff();
        if (wiped) member.Server.Wipe();
        else member.Server.LoseTail(world.Random.Between(1, 30));
        world.Timeline.In(world.Random.Millis(100, 3000), member.PowerOn);
    }

    private void PowerLoss(SetHost host, TimeSpan away)
    {
        if (!world.WithoutPower.Add(host.Name)) return;
        world.Trace.Say("fault", $"{host.Name} is without power for {away.TotalSeconds:0.0} s");
        host.PowerOff();
        world.Timeline.In(away, () =>
        {
            world.WithoutPower.Remove(host.Name);
            host.PowerOn();
        });
    }

    private void Freeze(string what, TimeSpan time, params Actor[] actors)
    {
        world.Trace.Say("fault", $"{what} stands still for {time.TotalSeconds:0.0} s");
        foreach (var actor in actors) actor.Freeze();
        world.Timeline.In(time, () =>
        {
            world.Trace.Say("fault", $"{what} goes on");
            foreach (var actor in actors) actor.Thaw();
        });
    }

    private void Cut(string what, List<string> these, List<string> those, bool oneWay = false)
    {
        var time = world.Random.Seconds(1, 25);
        world.Trace.Say("fault", $"cut {what}{(oneWay ? ", one way," : "")} for {time.TotalSeconds:0} s");
        foreach (var (one, other) in these.SelectMany(a => those.Select(b => (a, b))))
        {
            world.Network.Cut(one, other);
            if (!oneWay) world.Network.Cut(other, one);
        }
        world.Timeline.In(time, world.Network.MendAll);
    }

    private bool AllInStep() =>
        world.Store.Set is { Phase: Decisions.Sets.SetPhase.Serving, Primary: { } name }
        && world.Members.All(m => m.Agent is { Up: true, Frozen: false } && m.Server.Actor is { Up: true, Frozen: false } && (m.Name == name || m.Server.IsInStepWith(world.Hosts[name].Server)));

    private List<string> Others(params string[] these) => [.. world.Hosts.Keys.Concat(Outside).Except(these)];
}
