namespace OpenCluster.Controller.Http;

/// <summary>
/// The API's own description (OpenAPI 3.1): <c>openapi.json</c> beside this file. It is made from the routes by a test, which fails when the two
/// differ: so that a change of the API is seen in its own words, and the product need not carry what makes it.
/// </summary>
internal static class OpenApiDocument
{
    public static Stream Open() => typeof(OpenApiDocument).Assembly.GetManifestResourceStream("openapi.json")!;
}
