using OpenCluster.Simulation.Parts;

namespace OpenCluster.Simulation;

/// <summary>Breaks things, and mends them again: every fault ends by itself.</summary>
internal sealed class Faults(World world)
{
    public int Count { get; private set; }

    /// <summary>Servers that went away long enough to be replaced; bounds how much may be moved.</summary>
    public int Absences { get; private set; }

    public void BreakSomething()
    {
        Count++;
        var random = world.Random;
        var machine = random.Of([.. world.Machines.Values]);
        switch (random.Below(11))
        {
            case 0 or 1:
                var away = random.Chance(50) ? random.Seconds(1, 10) : random.Seconds(20, 70);
                Absences++;
                world.Trace.Say("fault", $"{machine.Name} loses power for {away.TotalSeconds:0.0} s");
                machine.Crash();
                world.Timeline.In(away, machine.PowerOn);
                break;
            case 2:
                var gone = random.Millis(100, 8000);
                world.Trace.Say("fault", $"the agent of {machine.Name} dies for {gone.TotalSeconds:0.0} s");
                machine.CrashAgent();
                Absences++;
                world.Timeline.In(gone, machine.StartAgent);
                break;
            case 3 or 4:
                if (machine.Processes.Where(p => p.Alive).Select(p => p.InstanceId).ToList() is { Count: > 0 } running)
                {
                    var victim = random.Of(running);
                    world.Trace.Say("fault", $"kill -9 of {victim} on {machine.Name}");
                    machine.Kill(victim);
                }

                break;
            case 5 or 6:
                world.Trace.Say("fault", $"the controller will die with its next commit");
                world.Controller.CrashArmed = true;
                break;
            case 7:
                var still = random.Millis(500, 8000);
                world.Trace.Say("fault", $"the controller stands still for {still.TotalSeconds:0.0} s");
                world.Controller.StandsStillUntil = world.Now + still;
                break;
            case 8:
                var cut = random.Seconds(1, 50);
                world.Trace.Say("fault", $"{machine.Name} is cut off from the controller for {cut.TotalSeconds:0.0} s");
                Absences++;
                Cut([machine.Name], cut);
                break;
            case 9:
                var all = random.Seconds(3, 40);
                world.Trace.Say("fault", $"the controller is cut off from everybody for {all.TotalSeconds:0.0} s");
                Cut([.. world.Machines.Values.Select(m => m.Name)], all);
                break;
            default:
                var lossy = random.Seconds(2, 20);
                var percent = random.Between(10, 60);
                world.Trace.Say("fault", $"{percent} % of all messages are lost for {lossy.TotalSeconds:0.0} s");
                Absences++;
                world.Network.LossPercent = percent;
                world.Timeline.In(lossy, () => world.Network.LossPercent = 0);
                break;
        }
    }

    /// <summary>A server that comes and goes; the classic that makes others move things to and fro for ever.</summary>
    public void Flap(Machine machine, int times)
    {
        Count++;
        Absences++;
        world.Trace.Say("fault", $"{machine.Name} flaps every 5 s, {times} times");
        for (var i = 0; i < times; i++)
        {
            world.Timeline.In(TimeSpan.FromSeconds(i * 10), machine.Crash);
            world.Timeline.In(TimeSpan.FromSeconds((i * 10) + 5), machine.PowerOn);
        }
    }

    private void Cut(List<string> names, TimeSpan time)
    {
        foreach (var name in names)
            world.Network.CutFromController.Add(name);
        world.Timeline.In(time, () =>
        {
            foreach (var name in names)
                world.Network.CutFromController.Remove(name);
        });
    }
}
