namespace OpenCluster.Decisions.Conducting;

/// <summary>Automatic acts off and on. What a person switched off stays off until a person switches it on.</summary>
internal static class Pausing
{
    public static void Change(Situation situation, ClusterEvent.PauseChanged e)
    {
        var key = Situation.PauseKey(e.Scope);
        var what = Name(situation, e.Scope);
        var before = situation.State.Pauses.Find(key);
        if (e.Paused == before is not null)
            return;
        if (e.Paused)
        {
            situation.State.Pauses.Put(key, new Pause(e.Scope, situation.Now, e.By, e.Why));
            situation.Say(Weight.Warning, Subject(e.Scope), $"{e.By} switched automatic acts off for {what}{Words.Because(e.Why)}.");
            return;
        }

        situation.State.Pauses.Remove(key);
        situation.Say(Weight.Good, Subject(e.Scope), $"{e.By} switched automatic acts on again for {what}{Words.Because(e.Why)}; they were off for {Words.For(situation.Now - before!.Since)}.");
        Shift(situation, e.Scope, situation.Now - before.Since);
        Applying.QueueAll(situation);
    }

    /// <summary>Deployments that waited get the time back that they could not use.</summary>
    private static void Shift(Situation situation, string scope, TimeSpan by)
    {
        foreach (var deployment in situation.State.Deployments.Where(d => d.Active && (scope.Length == 0 || scope == $"service/{d.ServiceId}")).Take(ServiceCare.FullOutcome).ToList())
        {
            situation.State.Put(deployment with
            {
                Since = Later(deployment.Since, by, situation.Now),
                BuildSince = deployment.BuildSince is { } build ? Later(build, by, situation.Now) : null,
                RollSince = deployment.RollSince is { } roll ? Later(roll, by, situation.Now) : null,
                ReadySince = deployment.ReadySince is { } ready ? Later(ready, by, situation.Now) : null,
            });
        }
    }

    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan by, DateTimeOffset now) => time + by < now ? time + by : now;

    private static string Subject(string scope) => scope.Length == 0 ? "cluster" : scope;

    private static string Name(Situation situation, string scope) => scope.Split('/') switch
    {
        ["service", var id] => $"service {situation.State.Objects.Service(id)?.Name ?? id}",
        ["server", var id] => $"server {situation.ServerName(id)}",
        _ => "the whole cluster",
    };
}
