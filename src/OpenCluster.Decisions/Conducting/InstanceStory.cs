using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Tells that an instance which served no longer does, with the lines that show why, and that it does again. Its agent restarts it by
/// itself, so without this a service that hangs or dies now and then would do so unseen.
/// </summary>
internal static class InstanceStory
{
    /// <param name="before">What its agent said last; null when this controller has not heard of it yet.</param>
    public static void Tell(Situation situation, InstanceStatus? before, InstanceStatus now)
    {
        if (before is null || situation.State.Instance(now.Id) is not { Wanted: Wanted.Run } instance || IsRolledOut(situation, instance))
            return;
        // Without a failure it was its agent that stopped it, because somebody told it to.
        var fell = before.Phase == InstancePhase.Ready && (now.Restarts > before.Restarts || now is { Phase: not InstancePhase.Ready, Failure: not null });
        var returned = before.Phase != InstancePhase.Ready && now.Phase == InstancePhase.Ready && before.Failure is not null;
        var where = $"{now.Id} on {situation.ServerName(instance.ServerId)}";
        if (fell)
        {
            var why = now.Failure is { } failure ? $": {failure.Reason.TrimEnd('.')}" : "";
            situation.Say(Weight.Warning, $"instance/{now.Id}", $"{where} stopped serving{why}. {Then(now)}", now.Failure?.Log ?? []);
        }
        else if (returned)
        {
            situation.Say(Weight.Good, $"instance/{now.Id}", $"{where} serves again.");
        }
    }

    private static string Then(InstanceStatus now) => now.Phase switch
    {
        InstancePhase.Unhealthy => "It gets no traffic, and is restarted if it stays so.",
        InstancePhase.Ready => "It was restarted and serves again.",
        _ => "It is restarted.",
    };

    /// <summary>While its release is rolled out, the roll-out tells what becomes of it.</summary>
    private static bool IsRolledOut(Situation situation, Instance instance) =>
        situation.State.DeploymentsOf(new ServiceZone(instance.ServiceId, instance.Zone)).Any(d => d.Active && d.ReleaseId == instance.ReleaseId);
}
