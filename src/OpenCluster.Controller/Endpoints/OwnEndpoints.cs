using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Conducting;

namespace OpenCluster.Controller.Endpoints;

/// <summary>About the controller itself.</summary>
internal sealed class OwnEndpoints(ClusterLoop loop, Metrics metrics, string version)
{
    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Health, Health).WithSummary("Whether this controller serves and can store changes; needs no token.");
        api.MapGet(ApiRoutes.Metrics, Numbers).WithSummary("The controller's own numbers, in Prometheus' text format.").Produces(200, contentType: "text/plain");
        api.MapOpenApi(ApiRoutes.OpenApi).WithSummary("This description of the API.");
    }

    private HealthView Health(HttpContext context)
    {
        if (loop.Trouble is null) return new HealthView("ok", version);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return new HealthView("cannot-store", version);
    }

    private async Task Numbers(HttpContext context, CancellationToken ct)
    {
        context.Response.ContentType = Metrics.ContentType;
        await context.Response.WriteAsync(metrics.Write(), ct);
    }
}
