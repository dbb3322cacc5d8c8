using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Cached answers thrown out on a person's word: numbered, kept for a while, and carried out once by each load-balancer.</summary>
internal static class Purging
{
    /// <summary>Kept; a balancer that has missed more was away so long that it started anew, with an empty cache.</summary>
    public const int Most = 100;

    public static void Purge(Situation situation, ClusterEvent.CachePurgeAsked e)
    {
        var number = situation.State.Count("purge");
        situation.State.Purges.Put(Id(number), new CachePurge(number, e.Route, e.Path, e.Tag));
        situation.State.Purges.Remove(Id(number - Most));
        situation.Changes.TellBalancers();
        situation.Say(Weight.Info, e.Route.Length == 0 ? "cluster" : $"route/{e.Route}", $"{e.By} threw {What(e)} out of the caches{Words.Because(e.Why)}.");
    }

    private static string Id(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string What(ClusterEvent.CachePurgeAsked e)
    {
        var what = e.Path.Length > 0 ? e.Path : "all answers";
        if (e.Tag.Length > 0) what += $" with the tag {e.Tag}";
        return e.Route.Length > 0 ? $"{what} of route {e.Route}" : what;
    }
}
