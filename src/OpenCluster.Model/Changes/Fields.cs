using System.Text.Json.Nodes;

namespace OpenCluster.Model.Changes;

/// <summary>How two values of a field are taken apart: maps by key, some lists by what names their items, everything else whole.</summary>
internal static class Fields
{
    /// <summary>
    /// The parts of a value by key, or null when it is compared whole. A list of zones, ports, listeners or matches is taken apart by
    /// its items' own key, so that one more port is one change and not a new list.
    /// </summary>
    public static List<KeyValuePair<string, JsonNode?>>? Parts(string field, JsonNode? node) => (field, node) switch
    {
        (_, JsonObject map) => [.. map],
        ("deployments", JsonArray list) => Keyed(list, i => (string?)i["zone"]),
        ("ports" or "listeners", JsonArray list) => Keyed(list, i => (string?)i["name"]),
        ("matches", JsonArray list) => Keyed(list, i => $"{(string?)i["host"]}{(string?)i["path"]}{FieldWords.Conditions(i)}"),
        _ => null,
    };

    /// <summary>Whether the parts of a field are items of a list, each there or not there as a whole.</summary>
    public static bool AreItems(string field) => field is "deployments" or "ports" or "listeners" or "matches" or "environment" or "values";

    /// <summary>The opposite of <see cref="Parts"/>.</summary>
    public static JsonNode Whole(string field, IEnumerable<KeyValuePair<string, JsonNode?>> parts) => field is "deployments" or "ports" or "listeners" or "matches"
        ? new JsonArray([.. parts.Select(p => p.Value?.DeepClone())])
        : new JsonObject(parts.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));

    public static bool Same(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    /// <summary>Keys of both, the first's in its order before those only the second has.</summary>
    public static IEnumerable<string> Keys(params ReadOnlySpan<List<KeyValuePair<string, JsonNode?>>?> sides)
    {
        var keys = new List<string>();
        foreach (var side in sides)
            keys.AddRange((side ?? []).Select(p => p.Key));
        return keys.Distinct(StringComparer.Ordinal);
    }

    public static JsonNode? At(this List<KeyValuePair<string, JsonNode?>>? parts, string key) => parts?.Find(p => p.Key == key).Value;

    private static List<KeyValuePair<string, JsonNode?>>? Keyed(JsonArray list, Func<JsonObject, string?> key)
    {
        var parts = new List<KeyValuePair<string, JsonNode?>>();
        foreach (var item in list.OfType<JsonObject>())
        {
            // Twice the same key cannot be told apart: the list is then compared whole.
            if (key(item) is not { } name || parts.Exists(p => p.Key == name))
                return null;
            parts.Add(KeyValuePair.Create(name, (JsonNode?)item));
        }
        return parts;
    }
}
