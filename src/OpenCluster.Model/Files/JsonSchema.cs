using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenCluster.Model.Files.Schema;
using OpenCluster.Model.Files.Shapes;

namespace OpenCluster.Model.Files;

/// <summary>
/// The schema of cluster files as JSON Schema, draft 2020-12, for editors: names, choices and ranges while one types. It knows less
/// than reading does: what several keys say together is only told by <see cref="ClusterFile.Read"/>.
/// </summary>
public static class JsonSchema
{
    private const string Draft = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>The document, indented, with a line end.</summary>
    public static string Write()
    {
        var objects = ClusterSchema.Objects();
        var schema = Describe(objects[0]);
        schema.Insert(0, "$schema", Draft);
        schema.Insert(1, "title", "OpenCluster cluster file");
        schema["$defs"] = new JsonObject(objects.Skip(1).Select(o => KeyValuePair.Create(o.Definition, (JsonNode?)Describe(o))));

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }))
            schema.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static JsonObject Describe(IObjectShape shape)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject(shape.Keys.Select(k => KeyValuePair.Create(k.Name, (JsonNode?)Describe(k)))),
        };
        if (shape.Keys.Any(k => k.Required))
            schema["required"] = new JsonArray([.. shape.Keys.Where(k => k.Required).Select(k => (JsonNode?)k.Name)]);
        return schema;
    }

    private static JsonObject Describe(Key key)
    {
        var schema = key.Shape.Describe();
        schema.Insert(0, "description", key.Explanation);
        return schema;
    }
}
