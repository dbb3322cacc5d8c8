using System.Collections.Immutable;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Git;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Views;

/// <summary>Services, their instances and releases as the API shows them.</summary>
internal static class ServiceViews
{
    public static ServiceView Of(ServiceSight sight) => new()
    {
        Id = sight.Service.Id,
        Name = sight.Service.Name,
        Role = sight.Service.Role,
        Source = Source(sight.Service.Source),
        Zones = [.. sight.Zones.Select(z => Of(sight, z))],
    };

    public static ImmutableArray<InstanceView> Instances(ClusterView view, string? service)
    {
        return [.. view.InstancesOf(service).Select(Of)];
    }

    public static IEnumerable<ReleaseView> Releases(ServiceSight sight) =>
        sight.Releases.OrderByDescending(r => r.Number).Select(r => new ReleaseView
        {
            Id = r.Id,
            Service = sight.Service.Name,
            Number = r.Number,
            Zone = r.Zone,
            State = r.State.ToString().ToLowerInvariant(),
            Commit = r.Commit,
            Branch = r.Branch,
            Message = r.Message,
            SizeBytes = r.SizeBytes,
            Created = r.Created,
            Failure = r.Failure,
            RunsIn = [.. sight.Zones.Where(z => z.Current?.Id == r.Id).Select(z => z.Zone)],
        });

    private static ServiceZoneView Of(ServiceSight sight, ServiceZoneSight zone) => new()
    {
        Zone = zone.Zone,
        Branch = zone.Declared.Branch,
        Wanted = zone.Wanted,
        Ready = zone.Ready,
        Release = zone.Current?.Number ?? 0,
        Commit = zone.Current?.Commit,
        Deployment = (zone.Active ?? zone.Deployments.LastOrDefault()) is { } deployment ? DeploymentViews.Of(deployment, sight) : null,
    };

    private static InstanceView Of(InstanceSight sight) => new()
    {
        Id = sight.Instance.Id,
        Service = sight.Name,
        Zone = sight.Instance.Zone,
        Server = sight.Server,
        Location = sight.Location,
        Release = sight.Release,
        Wanted = sight.Instance.Wanted.ToString().ToLowerInvariant(),
        Status = sight.Status,
    };

    private static string Source(Source? source) => source switch
    {
        { Git: { } git } => GitUrl.WithoutCredentials(git),
        { Directory: { } directory } => directory,
        _ => "",
    };
}
