using System.Reflection;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Endpoints;

public sealed class OpenApiTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_description_that_is_served_is_of_the_routes_as_they_are()
    {
        var made = await DescribedApi.MakeAsync(Ct);
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http();
        var served = await http.GetStringAsync(ApiRoutes.OpenApi, Ct);

        var copy = Path.Combine(AppContext.BaseDirectory, "openapi.json");
        if (made != served) await File.WriteAllTextAsync(copy, made, Ct);
        Assert.True(made == served, $"The API is no longer what Http/openapi.json says. If that is meant: cp {copy} src/OpenCluster.Controller/Http/openapi.json and look at the difference.");
    }

    [Fact]
    public async Task The_document_has_every_path_and_every_operation_says_what_it_does()
    {
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http();
        using var document = JsonDocument.Parse(await http.GetStringAsync(ApiRoutes.OpenApi, Ct));
        var paths = document.RootElement.GetProperty("paths");

        var declared = typeof(ApiRoutes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!).Except([ApiRoutes.OpenApi]).ToHashSet();
        Assert.Empty(declared.Except(paths.EnumerateObject().Select(p => p.Name)));
        foreach (var rule in AccessTable.Rules.Where(r => r.Pattern != ApiRoutes.OpenApi))
        {
            var operation = paths.GetProperty(rule.Pattern).GetProperty(rule.Method.ToLowerInvariant());
            Assert.True(operation.TryGetProperty("summary", out var summary) && summary.GetString()!.EndsWith('.'), $"{rule.Method} {rule.Pattern} has no summary.");
        }
    }

    [Fact]
    public async Task The_document_describes_bodies_by_their_schema()
    {
        await using var controller = await TestController.StartAsync();
        using var http = controller.Http();
        using var document = JsonDocument.Parse(await http.GetStringAsync(ApiRoutes.OpenApi, Ct));

        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(s => s.Name).ToHashSet();

        Assert.Superset(new HashSet<string> { "FileRequest", "PlanView", "ClusterStatus", "ServerReport", "Assignment", "DeployRequest", "BalancerSnapshot" }, schemas);
    }
}
