using System.Collections.Immutable;
using System.Net;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Explaining;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Looking into the load-balancers: what they do, what they would do with a request, and emptying their caches.</summary>
internal sealed class BalancingEndpoints(ClusterLoop loop, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Balancers, Balancers).WithSummary("What each load-balancer reported last: requests, failures, targets.");
        api.MapPost(ApiRoutes.Explanations, Explain).WithSummary("What each load-balancer would do with a request, and why. Nothing is sent.");
        api.MapPost(ApiRoutes.CachePurges, Purge).WithSummary("Throws cached answers out of all load-balancers: of a route, below a path, with a tag.");
    }

    private async Task<ImmutableArray<BalancerLoadView>> Balancers(CancellationToken ct) => BalancingViews.Of(await loop.ViewAsync(ct));

    private Task<ImmutableArray<ExplanationView>> Explain(ExplainRequest request, CancellationToken ct)
    {
        var asked = Asked(request);
        return loop.LookAsync(
            conductor =>
            {
                var view = conductor.View();
                return view.Balancers
                    .Select(b => (Sight: b, Snapshot: conductor.Snapshot(b.Process.Instance.Id)))
                    .Where(b => b.Snapshot is not null)
                    .Select(b => BalancingViews.Of(b.Sight, Explaining.Explain(b.Snapshot!, b.Sight.Report, asked, time.GetUtcNow())))
                    .ToImmutableArray();
            },
            ct);
    }

    private static AskedRequest Asked(ExplainRequest request)
    {
        if (!Uri.TryCreate(request.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw Problems.Invalid("url", $"\"{request.Url}\" is not a URL of http or https.", "Write it whole: https://joebarry.com/api/x.");
        if (!IPAddress.TryParse(request.From, out var from))
            throw Problems.Invalid("from", $"\"{request.From}\" is not an IP address.", "Give the client's address, such as 192.0.2.7.");
        return new AskedRequest
        {
            From = from,
            IsSecure = url.Scheme == "https",
            Port = url.Port,
            Host = url.Host,
            Target = url.PathAndQuery,
            Method = request.Method,
            Headers = [.. request.Headers],
            CertificateNames = request.Certificate,
        };
    }

    private async Task<CachePurgeView> Purge(CachePurgeRequest request, HttpContext context, CancellationToken ct)
    {
        if (request.Path.Length > 0 && request.Path[0] != '/')
            throw Problems.Invalid("path", $"\"{request.Path}\" is not a path.", "Begin it with a slash; a * at its end takes all that begin so.");
        var caller = context.Caller();
        await loop.ChangeAsync(
            conductor =>
            {
                var route = request.Route.Length == 0 ? "" : conductor.Cluster.FindRoute(request.Route).Name;
                var what = $"purge {(route.Length > 0 ? $"route {route}" : "all routes")}{(request.Path.Length > 0 ? $", {request.Path}" : "")}{(request.Tag.Length > 0 ? $", tag {request.Tag}" : "")}";
                return new Intent
                {
                    Event = new ClusterEvent.CachePurgeAsked(route, request.Path, request.Tag, caller.Name, request.Why),
                    Audit = new AuditEntry(caller, what, request.Why),
                };
            },
            ct);
        return new CachePurgeView(await loop.LookAsync(conductor => conductor.LastPurge, ct));
    }
}
