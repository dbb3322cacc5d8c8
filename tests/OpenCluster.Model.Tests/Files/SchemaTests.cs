using System.Text.Json.Nodes;
using OpenCluster.Model.Files;
using OpenCluster.Model.Files.Schema;

namespace OpenCluster.Model.Tests.Files;

public sealed class SchemaTests
{
    [Fact]
    public void The_schema_for_editors_is_the_one_last_looked_at() => Golden.Matches("schema.json", JsonSchema.Write());

    [Fact]
    public void Every_reference_of_the_schema_leads_somewhere()
    {
        var schema = JsonNode.Parse(JsonSchema.Write())!;
        var definitions = schema["$defs"]!.AsObject().Select(d => "#/$defs/" + d.Key).ToHashSet();

        Assert.Equal([], References(schema).Distinct().Where(r => !definitions.Contains(r)));
    }

    [Fact]
    public void Objects_of_the_schema_have_names_of_their_own()
    {
        var names = ClusterSchema.Objects().Select(o => o.Definition).ToList();

        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public void Every_key_says_what_it_means_in_a_sentence() =>
        Assert.All(ClusterSchema.Objects().SelectMany(o => o.Keys), k => Assert.Matches(@"^[A-Z$].*[.\]]$", k.Meaning));

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(p => p is { Key: "$ref", Value: JsonValue reference } ? [(string)reference!] : References(p.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
