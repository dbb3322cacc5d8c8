using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;

namespace OpenCluster.Controller.Endpoints;

/// <summary>About the controller itself.</summary>
internal sealed class OwnEndpoints(ClusterLoop loop, Metrics metrics, string version)
{
    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Health, Health).WithSummary("Whether this controller serves and can store changes; needs no token.");
        api.MapGet(ApiRoutes.Metrics, Numbers).WithSummary("The controller's own numbers, in Prometheus' text format.").Produces(200, contentType: "text/plain");
        api.MapGet(ApiRoutes.OpenApi, Description).ExcludeFromDescription();
    }

    private HealthView Health(HttpContext context)
    {
        if (loop.Trouble is null) return new HealthView("ok", version);
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return new HealthView("cannot-store", version);
    }

    private static async Task Description(HttpContext context, CancellationToken ct)
    {
        context.Response.ContentType = "application/json";
        await using var document = OpenApiDocument.Open();
        await document.CopyToAsync(context.Response.Body, ct);
    }

    private async Task Numbers(HttpContext context, CancellationToken ct)
    {
        context.Response.ContentType = Metrics.ContentType;
        await context.Response.WriteAsync(metrics.Write(), ct);
    }
}
