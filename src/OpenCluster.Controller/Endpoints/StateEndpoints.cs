using System.Collections.Immutable;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Versions;
using OpenCluster.Controller.Views;
using OpenCluster.Store;

namespace OpenCluster.Controller.Endpoints;

/// <summary>What there is and how it is.</summary>
internal sealed class StateEndpoints(ClusterLoop loop, VersionBook versions, Story story, EventStreams streams, IStore store, Ledger ledger, TimeProvider time, string version)
{
    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Status, Status).WithSummary("The cluster at a glance: what still works.");
        api.MapGet(ApiRoutes.Servers, Servers).WithSummary("Every server, its health and what it is.");
        api.MapGet(ApiRoutes.Services, Services).WithSummary("Every service and where it runs.");
        api.MapGet(ApiRoutes.Instances, Instances).WithSummary("Every instance, or those of one service.");
        api.MapGet(ApiRoutes.Releases, Releases).WithSummary("Every release kept, or those of one service; newest first.");
        api.MapGet(ApiRoutes.Deployments, Deployments).WithSummary("Deployments under way and ended, or those of one service; newest first.");
        api.MapGet(ApiRoutes.DeploymentPattern, Deployment).WithSummary("One deployment: where it stands, and why it ended as it did.");
        api.MapGet(ApiRoutes.Audit, Audit).WithSummary("Who changed what, from where and why; newest first.");
        api.MapGet(ApiRoutes.Events, Events).WithSummary("The cluster's story as a stream of events: the last 1,000, then as they come. Resumes after Last-Event-ID, or begins at a time (since); follow=false ends with what is kept.")
            .Produces<EventView>(200, "text/event-stream").Streams();
    }

    private async Task<ClusterStatus> Status(CancellationToken ct)
    {
        var view = await loop.ViewAsync(ct);
        return StatusViews.Of(view, loop.Trouble, loop.Aside.Failing(time.GetUtcNow())) with { Aside = loop.Aside.Entries, Version = version, Revision = ledger.Revision, FileVersion = versions.Newest };
    }

    private async Task<ImmutableArray<ServerView>> Servers(CancellationToken ct) => ServerViews.Of(await loop.ViewAsync(ct));

    private async Task<ImmutableArray<ServiceView>> Services(CancellationToken ct) =>
        [.. (await loop.ViewAsync(ct)).Services.Select(ServiceViews.Of)];

    private async Task<ImmutableArray<InstanceView>> Instances(string? service, CancellationToken ct) => ServiceViews.Instances(await loop.ViewAsync(ct), service);

    private async Task<ImmutableArray<ReleaseView>> Releases(string? service, CancellationToken ct) =>
        [.. (await loop.ViewAsync(ct)).ServicesOf(service).SelectMany(ServiceViews.Releases)];

    private async Task<ImmutableArray<DeploymentView>> Deployments(string? service, CancellationToken ct) =>
    [
        .. (await loop.ViewAsync(ct)).ServicesOf(service)
            .SelectMany(s => s.Zones.SelectMany(z => z.Deployments).Select(d => DeploymentViews.Of(d, s, loop.Trouble)))
            .OrderByDescending(d => d.Started),
    ];

    private async Task<DeploymentView> Deployment(string deployment, CancellationToken ct)
    {
        var (found, service) = (await loop.ViewAsync(ct)).FindDeployment(deployment);
        return DeploymentViews.Of(found, service, loop.Trouble);
    }

    private Task<ImmutableArray<AuditView>> Audit(CancellationToken ct) => AuditTrail.ReadAsync(store, ct);

    private Task Events(HttpContext context, DateTimeOffset? since, bool? follow, CancellationToken ct)
    {
        var seen = EventStreams.LastIdOf(context);
        // An id is a time in milliseconds.
        var after = seen > 0 ? seen : Math.Max(0, since?.ToUnixTimeMilliseconds() - 1 ?? 0);
        var reader = story.ReadAfter(after, follow ?? true);
        return streams.ServeAsync(context, reader.TryTake, reader.WaitAsync);
    }
}
