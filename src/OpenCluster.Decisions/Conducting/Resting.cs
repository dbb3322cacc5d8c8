namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// A server that is to carry no load: what can run elsewhere moves, replacement first; what fits nowhere else stays until the server goes.
/// Until a person says otherwise, whatever happens meanwhile.
/// </summary>
internal static class Resting
{
    public static void Change(Situation situation, ClusterEvent.RespiteChanged e)
    {
        var state = situation.State;
        var name = situation.ServerName(e.ServerId);
        var before = state.Respites.Find(e.ServerId);
        if (before?.Maintenance == e.Maintenance)
            return;
        if (e.Maintenance is { } maintenance)
        {
            state.Respites.Put(e.ServerId, new Respite(e.ServerId, maintenance, situation.Now, e.By, e.Why));
            situation.Say(Weight.Info, $"server/{name}", $"{e.By} {(maintenance ? $"takes {name} into maintenance" : $"drains {name}")}{Words.Because(e.Why)}: nothing new comes there, and what can run elsewhere moves.");
        }
        else
        {
            state.Respites.Remove(e.ServerId);
            situation.Say(Weight.Good, $"server/{name}", $"{name} may carry load again, by {e.By}{Words.Because(e.Why)}; it was left out for {Words.For(situation.Now - before!.Since)}.");
            Rebalancing.Came(situation, e.ServerId);
        }

        situation.PartsDue = true;
        Applying.QueueAll(situation);
    }

    /// <summary>Why an instance moves.</summary>
    public static string Reason(Respite respite) => respite.Maintenance ? "its server is in maintenance" : "its server is being drained";

    /// <summary>
    /// A server in maintenance is given no load-balancer, and the one there stops when another serves; the last one goes on as long as it can.
    /// </summary>
    public static bool Spares(Situation situation, ServiceZone balancer, string serverId)
    {
        if (situation.State.Respites.Find(serverId) is not { Maintenance: true })
            return false;
        var running = Facts.Instances(situation, balancer).Where(f => f.Runs).ToList();
        return running.TrueForAll(f => f.Instance.ServerId != serverId)
            || running.Exists(f => f.Ready && f.Instance.ServerId != serverId && !situation.State.Respites.Has(f.Instance.ServerId));
    }
}
