namespace OpenCluster.Controller.Http;

/// <summary>The API's own description (OpenAPI 3.1), made from the routes themselves.</summary>
internal static class OpenApiDocument
{
    private const string Name = "v1";

    public static void Add(IServiceCollection services, string version) => services.AddOpenApi(Name, options =>
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "OpenCluster";
            document.Info.Version = version;
            document.Info.Description = "Watching is a server-sent event stream that resumes with Last-Event-ID. Errors are problem details (RFC 9457).";
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
}
