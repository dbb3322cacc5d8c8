using OpenCluster.Model.Changes;

namespace OpenCluster.Model.Tests.Changes;

/// <summary>Plans as people read them.</summary>
public sealed class PlanTextTests
{
    private readonly Clusters _clusters = new();

    [Fact]
    public void A_first_apply_shows_all_that_is_created() =>
        Golden.Matches("first-apply.plan.txt", PlanText.Lines(_clusters.First(Repository.Read("examples/simple-startup/cluster.yaml"))));

    [Fact]
    public void A_further_apply_shows_what_differs_what_others_did_and_what_moves()
    {
        var text = Repository.Read("examples/simple-startup/cluster.yaml");
        var first = _clusters.First(text).After;
        var elsewhere = first with
        {
            Servers = [.. first.Servers.Select(s => s.Name == "web2" ? s with { Location = "cloud.lon1" } : s)],
            Routes = [.. first.Routes.Select(r => r.Name == "api" ? r with { Rules = r.Rules with { Timeout = TimeSpan.FromSeconds(90) } } : r)],
        };
        var changed = text
            .Replace("webserver: {", "web: {renamed-from: webserver, ", StringComparison.Ordinal)
            .Replace("roles: webserver", "roles: web", StringComparison.Ordinal)
            .Replace("role: webserver", "role: web", StringComparison.Ordinal)
            .Replace("web2: {roles: web, location: hq}", "web2: {roles: web, location: hq.hall2}\n  web3: {roles: web, location: hq, tags: ssd}", StringComparison.Ordinal)
            .Replace("instances: 2\n    check: {http: /health, every: 300ms", "instances: 3\n    environment: {LEVEL: debug}\n    check: {http: /health, every: 1s", StringComparison.Ordinal)
            .Replace("takes: {memory: 64MiB}", "takes: {memory: 128MiB}", StringComparison.Ordinal)
            .Replace("listen: 8080", "listen: [8080, 8081]", StringComparison.Ordinal)
            .Replace("  website-development: {to: website, zone: development, match: \"${domain}\"}\n", "", StringComparison.Ordinal);

        var plan = _clusters.Next(changed, elsewhere, first);

        Golden.Matches("further-apply.plan.txt", PlanText.Lines(plan with
        {
            Moves = [new Move("api-9", "web3", "starts", "service api has 3 instances instead of 2"), new Move("api-1", "web1", "is replaced", "its check changed")],
        }));
    }
}
