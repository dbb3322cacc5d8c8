using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpenCluster.Model.Files.Shapes;

namespace OpenCluster.Model.Changes;

/// <summary>Fields and values as the file would say them: <c>zones.default.roll-out.watch</c>, <c>2s</c>, <c>512MiB</c>, <c>5%</c>.</summary>
/// <param name="names">Names by id, for references.</param>
internal sealed partial class FieldWords(Dictionary<string, string> names)
{
    public string Path(IEnumerable<string> fields) => string.Join('.', fields.Select(Word).Where(w => w.Length > 0));

    /// <summary>A value in a few words; null for what is not there.</summary>
    public string? Value(string field, JsonNode? node) => node switch
    {
        null => null,
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => "none",
        JsonArray list => string.Join(", ", list.Select(i => Value(field, i))),
        JsonObject deployment when deployment["spec"] is JsonObject spec => Deployment(deployment, spec),
        JsonObject match when match["host"] is not null && match["path"] is not null && match["strip"] is not null => Match(match),
        JsonObject map => string.Join(", ", map.Where(p => p.Key != "name" && !Silent(p.Value)).Select(p => $"{Word(p.Key)} {Value(p.Key, p.Value)}")),
        _ => Scalar(field, node.ToString()),
    };

    private string Deployment(JsonObject deployment, JsonObject spec)
    {
        var count = (int?)spec["instances"] ?? 1;
        var branch = (string?)deployment["branch"];
        return $"{count} instance{(count == 1 ? "" : "s")}{(branch is null ? "" : " from " + branch)}";
    }

    private string Match(JsonObject match) =>
        $"{(string?)match["host"]}{(string?)match["path"]}{Conditions(match)}"
        + (match["except"] is JsonArray { Count: > 0 } except ? $" except {Value("except", except)}" : "")
        + ((bool?)match["strip"] == true ? ", the path taken off" : "")
        + ((string?)match["rewrite"] is { Length: > 0 } rewrite ? $", the path replaced by {rewrite}" : "");

    /// <summary>What a match asks for beyond host and path: <c> GET with x-tenant: joe</c>; empty for nothing.</summary>
    public static string Conditions(JsonObject match)
    {
        var methods = match["methods"] is JsonArray { Count: > 0 } some ? $" {string.Join('/', some.Select(m => (string?)m))}" : "";
        var headers = match["headers"] is JsonArray { Count: > 0 } list
            ? $" with {string.Join(", ", list.Select(h => $"{(string?)h?["name"]}: {(string?)h?["value"] ?? "*"}"))}"
            : "";
        return methods + headers;
    }

    private string Scalar(string field, string text)
    {
        if (text.Length == 0)
            return "none";
        if (field.EndsWith("Bytes", StringComparison.Ordinal) || field == "bytes")
            return long.TryParse(text, CultureInfo.InvariantCulture, out var bytes) ? Sizes.Show(bytes) : text;
        if (field is "massFailureShare" or "failedShare" or "retryBudget" or "newestShare" or "panic" && double.TryParse(text, CultureInfo.InvariantCulture, out var share))
            return (share * 100).ToString("0.####", CultureInfo.InvariantCulture) + "%";
        if (field == "availability")
            return text + "%";
        if (field is "kind" or "protocol" or "proxyProtocol" or "family" or "source" or "policy" or "releases" or "plainHttp" || text is "true" or "false")
            return Upper().Replace(text, m => (m.Index == 0 ? "" : "-") + m.Value.ToLowerInvariant());
        if (Span().IsMatch(text) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span))
            return Durations.Show(span);
        return References.Name(text, names).ReplaceLineEnds();
    }

    private string Word(string field) => field switch
    {
        "spec" or "rules" => "",
        "deployments" => "zones",
        "matches" => "match",
        "listeners" => "listen",
        "listenerNames" => "listeners",
        "service" => "to",
        "memoryBytes" => "memory",
        "diskBytes" => "disk",
        "maxBodyBytes" => "max-body",
        "maxHeadBytes" => "max-head",
        "sizeBytes" => "size",
        "largestBytes" => "largest",
        "bytes" => "size",
        "costPerHour" => "cost",
        "webRoot" => "web",
        _ when Camel().IsMatch(field) => Upper().Replace(field, m => "-" + m.Value.ToLowerInvariant()),
        _ => References.Name(field, names),
    };

    private static bool Silent(JsonNode? node) => node is null or JsonArray { Count: 0 } or JsonObject { Count: 0 } || node.ToString().Length == 0;

    [GeneratedRegex(@"\A(\d+\.)?\d\d:\d\d:\d\d(\.\d{7})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Span();

    /// <summary>A field of ours; names of variables and hosts are left as they are.</summary>
    [GeneratedRegex(@"\A[a-z]+([A-Z][a-z0-9]*)+\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Camel();

    [GeneratedRegex("[A-Z]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Upper();
}

file static class Lines
{
    private const int Longest = 120;

    /// <summary>One line of a text, cut where it would fill the screen.</summary>
    public static string ReplaceLineEnds(this string text)
    {
        var line = text.TrimEnd().ReplaceLineEndings(" ⏎ ");
        return line.Length <= Longest ? line : line[..Longest] + "…";
    }
}
