using System.Text.Json;

namespace OpenCluster.Controller.Webhooks;

/// <summary>What a delivery says. Its commits are not believed: a push only makes us ask the remote for the branch's head.</summary>
internal abstract record Delivery
{
    /// <summary>The host tries the hook.</summary>
    public sealed record Ping : Delivery;

    /// <param name="Branch">Null when the delivery does not name one: look at all of them.</param>
    public sealed record Push(string? Branch) : Delivery;

    /// <summary>Something else (a tag, an issue, a deleted branch): nothing to do.</summary>
    public sealed record Other(string What) : Delivery;

    /// <exception cref="JsonException">The body is not JSON.</exception>
    public static Delivery Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        var kind = First(headers, "X-GitHub-Event", "X-Gitea-Event", "X-Gitlab-Event");
        if (kind == "ping") return new Ping();
        if (kind is not (null or "push" or "Push Hook" or "System Hook")) return new Other(Shown(kind));

        using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
        if (json.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("Not an object.");
        if (Text(json.RootElement, "ref") is not { } name) return new Push(null);
        if (!name.StartsWith("refs/heads/", StringComparison.Ordinal)) return new Other(Shown(name));
        var branch = name["refs/heads/".Length..];
        var deleted = Text(json.RootElement, "after") is { } after && after.AsSpan().IndexOfAnyExcept('0') < 0;
        return deleted ? new Other($"the end of branch {Shown(branch)}") : new Push(branch);
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? First(IHeaderDictionary headers, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (headers[name].ToString() is { Length: > 0 } value) return value;
        return null;
    }

    /// <summary>Foreign text in our sentences: short and printable.</summary>
    private static string Shown(string text) => string.Concat(text.Take(80).Select(c => char.IsControl(c) ? '?' : c));
}
