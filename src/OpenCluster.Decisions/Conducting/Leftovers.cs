namespace OpenCluster.Decisions.Conducting;

/// <summary>Forgets servers that have left the cluster, once nothing of theirs runs any more.</summary>
internal static class Leftovers
{
    public static void Forget(Situation situation)
    {
        var objects = situation.State.Objects;
        if (!objects.Leaving.IsEmpty && objects.Leaving.Any(l => !situation.State.Busy(l.Id)))
        {
            foreach (var server in objects.Leaving.Where(l => !situation.State.Busy(l.Id)))
            {
                situation.Changes.TellAgent(server.Id);
                situation.Say(Weight.Info, $"server/{server.Name}", $"{server.Name} has left the cluster; nothing of it runs there any more.");
            }

            objects.Leaving = [.. objects.Leaving.Where(l => situation.State.Busy(l.Id))];
            situation.LeftoversDue = true;
        }

        if (!situation.LeftoversDue)
            return;
        var gone = situation.Servers.Keys.Concat(situation.State.Seen.All.Select(s => s.Key)).Distinct(StringComparer.Ordinal)
            .Where(id => situation.State.Server(id) is null).Take(ServiceCare.MostActs + 1).ToList();
        foreach (var id in gone.Take(ServiceCare.MostActs))
        {
            situation.State.Seen.Remove(id);
            situation.Servers.Remove(id);
            situation.State.Respites.Remove(id);
        }

        situation.LeftoversDue = gone.Count > ServiceCare.MostActs;
    }
}
