using System.Collections.Immutable;
using System.Text.Json;

namespace OpenCluster.Demo;

/// <summary>The example the demo plays: carried inside the executable, so that the one file is enough.</summary>
internal static class Example
{
    private const string Domain = "joebarry.com";

    /// <summary>Prefix of the resources that hold <c>examples/simple-startup</c>.</summary>
    private const string Prefix = "example/";

    /// <summary>What customers ask for, and what a good answer is.</summary>
    public static readonly Page[] Pages =
    [
        new(Domain, "/", Website),
        new(Domain, "/api/", Api),
        new("api." + Domain, "/", Api),
    ];

    /// <summary>Writes the example's files below <paramref name="directory"/> and answers that directory.</summary>
    public static string Unpack(string directory)
    {
        var assembly = typeof(Example).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var path = Path.Combine(directory, name[Prefix.Length..]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var content = assembly.GetManifestResourceStream(name)!;
            using var file = File.Create(path);
            content.CopyTo(file);
        }

        return directory;
    }

    public static ImmutableSortedDictionary<string, string> Values(string repositories) =>
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("repositories", repositories), KeyValuePair.Create("domain", Domain)]);

    private static string? Website(string body) =>
        body.Contains("<title>Joe &amp; Barry</title>", StringComparison.Ordinal) && body.TrimEnd().EndsWith("</html>", StringComparison.Ordinal)
            ? null
            : $"not the website: {body.Length} bytes";

    /// <summary>The API says which version, instance and server it is; all must be ones that customers are meant to see.</summary>
    private static string? Api(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            string Text(string name) => document.RootElement.GetProperty(name).GetString() ?? "";
            return Text("service") == "api" && Text("version") is "1" or "2" && Text("zone") == "default" && Text("release").Length > 0
                && Text("instance").StartsWith("api-", StringComparison.Ordinal) && Text("server") is "web1" or "web2"
                ? null
                : $"not what the API says: {body.Trim()}";
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"not JSON of the API: {body.Trim()}";
        }
    }
}
