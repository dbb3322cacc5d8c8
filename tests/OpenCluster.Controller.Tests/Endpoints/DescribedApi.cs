using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

/// <summary>The description of the API as its routes and the comments on its types are now.</summary>
internal static class DescribedApi
{
    private const string Name = "v1";

    public static async Task<string> MakeAsync(CancellationToken ct)
    {
        await using var controller = await TestController.StartAsync();
        await controller.StopAsync();
        controller.AddServices = Add;
        await controller.StartAgainAsync();
        using var scope = controller.Services.CreateScope();
        var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync(ct);
        return await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, ct) + "\n";
    }

    private static void Add(IServiceCollection services) => services.AddOpenApi(Name, options =>
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "OpenCluster";
            document.Info.Version = Name;
            document.Info.Description = "Watching is a server-sent event stream that resumes with Last-Event-ID. Errors are problem details (RFC 9457).";
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
}
