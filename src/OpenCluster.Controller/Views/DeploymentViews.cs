using OpenCluster.Api.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;

namespace OpenCluster.Controller.Views;

/// <summary>Deployments as the API shows them, with a sentence that says where each stands.</summary>
internal static class DeploymentViews
{
    /// <param name="trouble">Why nothing can be stored, if so: then no deployment moves on, whatever it waits for otherwise.</param>
    public static DeploymentView Of(Deployment deployment, ServiceSight service, string? trouble = null)
    {
        var release = service.Releases.FirstOrDefault(r => r.Id == deployment.ReleaseId);
        var previous = service.Releases.FirstOrDefault(r => r.Id == deployment.PreviousReleaseId);
        return new DeploymentView
        {
            Id = deployment.Id,
            Service = service.Service.Name,
            Zone = deployment.Zone,
            Phase = Word(deployment.Phase),
            Ended = !deployment.Active,
            Release = release?.Number ?? 0,
            PreviousRelease = previous?.Number,
            Commit = deployment.Commit,
            Message = release?.Message ?? "",
            By = deployment.By,
            Why = deployment.Why,
            Started = deployment.Created,
            EndedAt = deployment.Ended,
            Sentence = deployment.Active && trouble is not null ? $"It waits, because nothing can be stored: {trouble}" : Sentence(deployment, release?.Number, previous?.Number, service.Zones.FirstOrDefault(z => z.Zone == deployment.Zone)),
            Failure = deployment.Failure,
        };
    }

    public static string Word(DeploymentPhase phase) => phase switch
    {
        DeploymentPhase.Resolving => "resolving",
        DeploymentPhase.Building => "building",
        DeploymentPhase.Rolling => "rolling",
        DeploymentPhase.Watching => "watching",
        DeploymentPhase.RollingBack => "rolling-back",
        DeploymentPhase.Done => "done",
        DeploymentPhase.RolledBack => "rolled-back",
        _ => "failed",
    };

    private static string Sentence(Deployment deployment, int? release, int? previous, ServiceZoneSight? zone)
    {
        var (number, before) = (release is { } r ? $"Release {r}" : "The release", previous is { } p ? $"release {p}" : "what ran before");
        var reason = deployment.Failure is { } failure ? $": {failure.Reason}" : ".";
        return deployment.Phase switch
        {
            DeploymentPhase.Resolving => $"The repository is asked for {deployment.Commit ?? deployment.Branch ?? "its default branch"}.",
            DeploymentPhase.Building => $"{number} is being built.",
            DeploymentPhase.Rolling => $"{number} is replacing {before}: {Fresh(deployment, zone)} of {zone?.Wanted} instances run it.",
            DeploymentPhase.Watching => $"{number} is under traffic and watched: {Fresh(deployment, zone)} of {zone?.Wanted} instances run it.",
            DeploymentPhase.RollingBack => $"{number} goes back to {before}{reason}",
            DeploymentPhase.Done => deployment.Remark ?? $"{number} runs.",
            DeploymentPhase.RolledBack => $"{number} was rolled back to {before}{reason}",
            _ => $"{number} was not deployed{reason}",
        };
    }

    private static int Fresh(Deployment deployment, ServiceZoneSight? zone) =>
        zone?.Instances.Count(i => i.Instance.ReleaseId == deployment.ReleaseId && i.Instance.Wanted == Model.Running.Wanted.Run) ?? 0;
}
