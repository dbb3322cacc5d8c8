using System.Collections.Immutable;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Files;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Versions;
using OpenCluster.Controller.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Deploying and steering by hand: deploy, roll back, scale, pause, take the load off a server.</summary>
internal sealed class DeployEndpoints(ClusterLoop loop, ArchiveFiles files, ServiceSecrets secrets)
{
    public void Map(IEndpointRouteBuilder api)
    {
        api.MapPost(ApiRoutes.Deployments, Deploy).WithSummary("Deploys a service: the head of its branches, or the branch, commit or uploaded source named.");
        api.MapPost(ApiRoutes.RollBacks, RollBack).WithSummary("Goes back to an earlier release of a service in a zone.");
        api.MapPost(ApiRoutes.Pauses, Pause).WithSummary("Switches automatic acts off or on again: for everything, a service or a server.");
        api.MapPut(ApiRoutes.RespitePattern, Rest).WithSummary("Takes the load off a server: nothing new comes there, and what can run elsewhere moves.").Produces(204);
        api.MapDelete(ApiRoutes.RespitePattern, Resume).WithSummary("A server may carry load again.").Produces(204);
        api.MapPut(ApiRoutes.ScalePattern, Scale).WithSummary("Another number of instances than the file says; shows as drift until the file says so too.");
        api.MapGet(ApiRoutes.WebhookSettingsPattern, Webhook).WithSummary("Where to send pushes of a service's repository, and the secret to sign them with.");
    }

    private async Task<DeployView> Deploy(DeployRequest request, HttpContext context, CancellationToken ct)
    {
        if (request.SourceDigest is { } digest && !files.HasSource(digest))
            throw Problems.Invalid("sourceDigest", $"No source with digest \"{digest}\" has been uploaded.", $"Upload it first: POST {ApiRoutes.Sources}.");
        var caller = context.Caller();
        var done = await loop.ChangeAsync(
            conductor =>
            {
                var service = conductor.Cluster.FindService(request.Service);
                CheckZone(service, request.Zone, caller);
                CheckSource(service, request);
                var what = $"deploy {service.Name}{In(request.Zone)}{Of(request)}";
                return new Intent
                {
                    Event = new ClusterEvent.DeployAsked(service.Id, request.Zone, request.Branch, request.Commit, request.SourceDigest, caller.Name, request.Why),
                    Audit = new AuditEntry(caller, what, request.Why),
                };
            },
            ct);
        return new DeployView(done.Outcome.Deployments);
    }

    private async Task<DeployView> RollBack(RollBackRequest request, HttpContext context, CancellationToken ct)
    {
        _ = Problems.Given(request.Service, "service");
        var caller = context.Caller();
        var done = await loop.ChangeAsync(
            conductor =>
            {
                var service = conductor.Cluster.FindService(request.Service);
                var zone = request.Zone ?? OnlyZone(service);
                CheckZone(service, zone, caller);
                var what = $"roll back {service.Name}{In(zone)} to {(request.Release is { } number ? $"release {number}" : "the release before")}";
                return new Intent
                {
                    Event = new ClusterEvent.RollBackAsked(service.Id, zone, request.Release, caller.Name, request.Why),
                    Audit = new AuditEntry(caller, what, request.Why),
                };
            },
            ct);
        return new DeployView(done.Outcome.Deployments);
    }

    private async Task<ImmutableArray<PauseView>> Pause(PauseRequest request, HttpContext context, CancellationToken ct)
    {
        _ = Problems.Given(request.Scope, "scope");
        var caller = context.Caller();
        await loop.ChangeAsync(
            conductor => new Intent
            {
                Event = new ClusterEvent.PauseChanged(conductor.Cluster.PauseScopeOf(request.Scope), request.Paused, caller.Name, request.Why),
                Audit = new AuditEntry(caller, $"{(request.Paused ? "pause" : "resume")} {(request.Scope.Length == 0 ? "everything" : request.Scope)}", request.Why),
            },
            ct);
        return StatusViews.Pauses(await loop.ViewAsync(ct));
    }

    private Task Rest(string serverId, RespiteRequest request, HttpContext context, CancellationToken ct) => RestAsync(serverId, request.Maintenance, request.Why, context, ct);

    private Task Resume(string serverId, string? why, HttpContext context, CancellationToken ct) => RestAsync(serverId, null, why ?? "", context, ct);

    private async Task RestAsync(string serverId, bool? maintenance, string why, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        await loop.ChangeAsync(
            conductor =>
            {
                var server = conductor.Cluster.FindServer(serverId);
                var before = conductor.Respite(server.Id);
                if (before?.Maintenance == maintenance) return new Intent();
                return new Intent
                {
                    Event = new ClusterEvent.RespiteChanged(server.Id, maintenance, caller.Name, why),
                    Audit = new AuditEntry(caller, $"{Words(maintenance)} server {server.Name}", why, before is null ? null : Words(before.Maintenance), Words(maintenance)),
                };
            },
            ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;

        static string Words(bool? maintenance) => maintenance switch { true => "maintain", false => "drain", null => "resume" };
    }

    private async Task<ServiceView> Scale(string service, string zone, ScaleRequest request, HttpContext context, CancellationToken ct)
    {
        if (request.Instances is < 1 or > 1000) throw Problems.Invalid("instances", $"{request.Instances} instances are not possible.", "Give 1 to 1,000.");
        var caller = context.Caller();
        await loop.ChangeAsync(
            conductor =>
            {
                var found = conductor.Cluster.FindService(service);
                CheckZone(found, zone, caller);
                return Scaling.Intent(conductor, found, zone, request, caller);
            },
            ct);
        return ServiceViews.Of((await loop.ViewAsync(ct)).ServicesOf(service).Single());
    }

    private Task<WebhookView> Webhook(string service, CancellationToken ct) => loop.LookAsync(
        conductor =>
        {
            var found = conductor.Cluster.FindService(service);
            return new WebhookView(ApiRoutes.Webhook(found.Id), secrets.Of(found.Id));
        },
        ct);

    /// <summary>Going back is for one zone: which, need be said only where there are several.</summary>
    private static string OnlyZone(Service service) =>
        service.Deployments is [var only] ? only.Zone : throw Problems.Invalid("zone", $"The service \"{service.Name}\" goes to several zones.",
            $"Say which is to go back: {string.Join(" or ", service.Deployments.Select(d => d.Zone))}.");

    private static void CheckZone(Service service, string? zone, Caller caller)
    {
        if (zone is not null && service.In(zone) is null)
        {
            throw Problems.Invalid("zone", $"The service \"{service.Name}\" does not go to zone \"{zone}\".",
                $"It goes to {string.Join(", ", service.Deployments.Select(d => d.Zone))}; to add one, change the file.");
        }

        foreach (var named in zone is null ? service.Deployments.Select(d => d.Zone) : [zone]) caller.RequireIn(named, TokenRole.Deploy);
    }

    private static void CheckSource(Service service, DeployRequest request)
    {
        if (service.Source?.Git is null && (request.Branch ?? request.Commit) is not null)
            throw Problems.Invalid(request.Branch is null ? "commit" : "branch", $"The service \"{service.Name}\" does not come from git.", "Deploy it without a branch or commit.");
        if (service.Source?.Directory is not null && request.SourceDigest is null)
            throw Problems.Invalid("sourceDigest", $"The service \"{service.Name}\" comes from a directory, which only the machine that has it can send.", "Run `opencluster deploy` there.");
    }

    private static string In(string? zone) => zone is null ? "" : $" in {zone}";

    private static string Of(DeployRequest request) => request switch
    {
        { Commit: { } commit } => $" at {commit}",
        { Branch: { } branch } => $" from branch {branch}",
        { SourceDigest: { } digest } => $" from source {digest[..12]}",
        _ => "",
    };
}
