using System.Collections.Immutable;
using OpenCluster.Decisions.Servers;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Takes in what agents report, and judges those that do not.</summary>
internal static class ServerCare
{
    /// <summary>While frozen, how often the observer asks itself whether it still doubts.</summary>
    private static readonly TimeSpan DoubtEvery = TimeSpan.FromMilliseconds(500);

    public static void Reported(Situation situation, ServerReport report)
    {
        var server = situation.State.Server(report.ServerId);
        if (server is null)
        {
            // Its assignment says that it was removed; the shell sends it once.
            situation.Changes.TellAgent(report.ServerId);
            return;
        }

        if (!situation.Servers.TryGetValue(report.ServerId, out var seen))
            situation.Servers[report.ServerId] = seen = new ObservedServer(ServerHealth.Awaited(everSeen: false, situation.Now));
        if (seen.Report is { } last && IsStale(situation, seen.Health, last, report))
            return;

        var heard = Heartbeat.Heard(seen.Health, situation.Now);
        seen.Health = heard.State;
        if (seen.Report is { } before && heard.Effects.IsEmpty && Reports.SayTheSame(before, report))
        {
            seen.TakeFigures(report);
            return;
        }

        var old = seen.Report;
        var changed = Changed(seen, report);
        // Of a reboot it is told once, not once for everything that ran there.
        foreach (var status in report.Instances.Where(i => old?.BootId == report.BootId && changed.Contains(i.Id)))
            InstanceStory.Tell(situation, seen.Instances.GetValueOrDefault(status.Id), status);
        seen.Take(report);
        Remember(situation, old, report);
        foreach (var change in heard.Effects)
            Came(situation, report.ServerId, change);
        foreach (var id in changed)
        {
            if (situation.State.Instance(id) is { } instance)
                situation.Queue(new(instance.ServiceId, instance.Zone));
        }

        foreach (var build in report.Builds)
            Building.Reported(situation, report.ServerId, build);
        situation.ServerWakes.At(report.ServerId, Heartbeat.NextLook(seen.Health, situation.Settings, situation.Doubt.JudgeFrom));
    }

    /// <summary>It lives; what was known of it before stays what is known of it.</summary>
    public static void Heard(Situation situation, string serverId)
    {
        if (situation.State.Server(serverId) is null || !situation.Servers.TryGetValue(serverId, out var seen))
            return;
        var heard = Heartbeat.Heard(seen.Health, situation.Now);
        seen.Health = heard.State;
        foreach (var change in heard.Effects)
            Came(situation, serverId, change);
        situation.ServerWakes.At(serverId, Heartbeat.NextLook(seen.Health, situation.Settings, situation.Doubt.JudgeFrom));
    }

    /// <summary>The time has come to look whether this server is still heard.</summary>
    public static void Look(Situation situation, string serverId)
    {
        if (!situation.Servers.TryGetValue(serverId, out var seen) || situation.State.Server(serverId) is null)
            return;
        if (situation.Doubt.FrozenSince is not null)
            Doubts(situation);
        var looked = Heartbeat.Look(seen.Health, situation.Settings, situation.Doubt.JudgeFrom, mayCallDown: true, situation.Now);
        if (looked.State.State == ServerState.Down && seen.Health.State != ServerState.Down && Doubts(situation))
        {
            looked = Heartbeat.Look(seen.Health, situation.Settings, situation.Doubt.JudgeFrom, mayCallDown: false, situation.Now);
            situation.ServerWakes.At(serverId, situation.Now + DoubtEvery);
        }

        seen.Health = looked.State;
        if (seen.Health.Settled(situation.Now) && situation.Unsettled.Remove(serverId))
            Concerned(situation, serverId);
        foreach (var change in looked.Effects)
            Went(situation, serverId, change);
        if (Heartbeat.NextLook(seen.Health, situation.Settings, situation.Doubt.JudgeFrom) is { } next)
            situation.ServerWakes.At(serverId, next > situation.Now ? next : situation.Now + DoubtEvery);
    }

    /// <summary>True while most servers are silent at once, so that it is more likely the observer who is cut off.</summary>
    private static bool Doubts(Situation situation)
    {
        var (tooMany, silent, known) = SelfDoubt.Count(situation.Servers.Values.Select(s => s.Health), situation.Settings, situation.Doubt.JudgeFrom, situation.Now);
        if (tooMany && situation.Doubt.FrozenSince is null)
        {
            situation.Doubt = situation.Doubt with { FrozenSince = situation.Now };
            situation.Say(
                Weight.Trouble,
                "cluster",
                $"{silent} of {known} servers went silent at once. It is more likely that this controller is cut off than that they all died, so nothing is moved until they are heard again. If they did die, remove them from the file.");
        }
        else if (!tooMany && situation.Doubt.FrozenSince is { } since)
        {
            // Whoever is still silent gets the whole time again before it is judged.
            situation.Doubt = new SelfDoubt { JudgeFrom = situation.Now };
            situation.Say(Weight.Good, "cluster", $"Enough servers are heard again after {Words.For(situation.Now - since)}; the others are judged as usual from now on.");
            return true;
        }

        return tooMany;
    }

    private static bool IsStale(Situation situation, ServerHealth health, ServerReport last, ServerReport report)
    {
        if (report.AgentStarted > last.AgentStarted || (report.AgentStarted == last.AgentStarted && report.Sequence > last.Sequence))
            return false;
        // A machine may come back with its clock set back. Only while the other agent is heard are there two.
        if (report.AgentStarted != last.AgentStarted && health.State != ServerState.Alive)
            return false;
        if (report.BootId != last.BootId && situation.SaidClone.Add(report.ServerId))
        {
            situation.Say(
                Weight.Trouble,
                Subject(situation, report.ServerId),
                $"Two agents report as {situation.ServerName(report.ServerId)}, from {last.Address} and {report.Address}. The one that started later is believed; stop the other.");
        }

        return true;
    }

    private static void Came(Situation situation, string serverId, HealthChange change)
    {
        var name = situation.ServerName(serverId);
        if (change == HealthChange.CameBack)
        {
            situation.Unsettled.Add(serverId);
            situation.Say(Weight.Good, Subject(situation, serverId), $"{name} is back. It is trusted with new instances in {Words.For(situation.HealthOf(serverId).SettledAt - situation.Now)} if it stays.");
        }
        else if (change == HealthChange.CameAlive)
        {
            situation.Say(Weight.Good, Subject(situation, serverId), $"{name} reports.");
        }

        Rebalancing.Came(situation, serverId);
        Concerned(situation, serverId);
    }

    private static void Went(Situation situation, string serverId, HealthChange change)
    {
        if (change != HealthChange.WentDown)
            return;
        if (situation.State.Respites.Find(serverId) is { Maintenance: true } respite)
        {
            situation.Say(Weight.Info, Subject(situation, serverId), $"{situation.ServerName(serverId)} is away, as {respite.By} announced{Words.Because(respite.Why)}.");
            Concerned(situation, serverId);
            return;
        }

        var count = situation.State.InstancesOn(serverId).Count;
        var then = situation.Paused(serverId: serverId) is { } pause
            ? $"Nothing is moved, because {pause.By} switched automatic acts off"
            : $"If it stays away, they are replaced elsewhere in {Words.For(situation.Settings.ReplaceAfter)}";
        situation.Say(
            Weight.Trouble,
            Subject(situation, serverId),
            $"{situation.ServerName(serverId)} is down: no report for {Words.For(situation.Settings.ServerDownAfter)}. " +
                (count == 0 ? "Nothing ran on it." : $"{Words.Count(count, "instance")} ran on it. {then}."));
        Concerned(situation, serverId);
    }

    private static void Concerned(Situation situation, string serverId)
    {
        foreach (var id in situation.State.InstancesOn(serverId))
        {
            var instance = situation.State.Instance(id)!;
            situation.Queue(new(instance.ServiceId, instance.Zone));
        }

        foreach (var release in situation.State.BuildsOn(serverId).Select(situation.State.Release))
            situation.Queue(new(release!.ServiceId, release.Zone));
        situation.QueueWanting();
    }

    /// <summary>Ids of instances about which the report says something new, or nothing any more.</summary>
    private static List<string> Changed(ObservedServer seen, ServerReport report)
    {
        var changed = new List<string>();
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var status in report.Instances)
        {
            present.Add(status.Id);
            if (seen.Report is null || !seen.Instances.TryGetValue(status.Id, out var before) || !Reports.SayTheSame(before, status))
                changed.Add(status.Id);
        }

        changed.AddRange(seen.Instances.Keys.Where(id => !present.Contains(id)));
        return changed;
    }

    /// <summary>Keeps what must outlive this controller, and notices restarts of machine and agent.</summary>
    private static void Remember(Situation situation, ServerReport? old, ServerReport report)
    {
        var state = situation.State;
        var before = state.Seen.Find(report.ServerId);
        var listening = report.Instances
            .Where(i => i.Phase is InstancePhase.Ready or InstancePhase.Unhealthy or InstancePhase.Draining && !i.Ports.IsEmpty)
            .Where(i => state.Instance(i.Id) is { Zone.Length: > 0 })
            .OrderBy(i => i.Id, Placing.IdOrder.Instance)
            .Select(i => new Listening(i.Id, i.Address.Length > 0 ? i.Address : report.Address, i.Ports))
            .ToImmutableArray();
        var moved = before is null || before.Address != report.Address || before.LowPortOffset != report.LowPortOffset || before.VotePort != report.VotePort;
        var targets = before is null || !Reports.SameListening(before.Listening, listening);
        if (before is not null && before.BootId != report.BootId)
            SayRebooted(situation, report.ServerId);
        else if (old is not null && old.AgentStarted != report.AgentStarted)
            situation.Say(Weight.Info, Subject(situation, report.ServerId), $"The agent of {situation.ServerName(report.ServerId)} was restarted.");
        if (!moved && !targets && before!.BootId == report.BootId && before.AgentStarted == report.AgentStarted)
            return;

        state.Seen.Put(report.ServerId, new SeenServer
        {
            ServerId = report.ServerId,
            BootId = report.BootId,
            AgentStarted = report.AgentStarted,
            Address = report.Address,
            LowPortOffset = report.LowPortOffset,
            VotePort = report.VotePort,
            Listening = listening,
        });
        if (moved)
        {
            situation.Changes.TellAgent(report.ServerId);
            SpaceCare.Moved(situation, report.ServerId);
        }

        if (moved || targets)
            situation.Changes.TellBalancers();
    }

    private static void SayRebooted(Situation situation, string serverId)
    {
        var respite = situation.State.Respites.Find(serverId);
        situation.Say(
            respite is { Maintenance: true } ? Weight.Info : Weight.Warning,
            Subject(situation, serverId),
            $"{situation.ServerName(serverId)} was rebooted{(respite is { Maintenance: true } ? $", as {respite.By} announced" : "")}.");
    }

    private static string Subject(Situation situation, string serverId) => $"server/{situation.ServerName(serverId)}";
}
