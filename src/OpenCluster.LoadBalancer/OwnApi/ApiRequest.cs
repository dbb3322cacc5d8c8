using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.OwnApi;

/// <summary>A request to the balancer itself, read whole.</summary>
internal sealed record ApiRequest
{
    public required string Method { get; init; }
    /// <summary>As sent, without the query.</summary>
    public required string Path { get; init; }
    /// <summary>What follows the question mark; empty without one.</summary>
    public required string Query { get; init; }
    public required ReadOnlyMemory<byte> Body { get; init; }
    public required ClientFacts From { get; init; }
    /// <summary>The protocol it asks to go on with, lower case; null for plain requests.</summary>
    public string? Upgrade { get; init; }
    public string Authorization { get; init; } = "";
    /// <summary>The key of a dynamic route, as <c>OpenCluster-Key</c>.</summary>
    public string Key { get; init; } = "";

    public static ApiRequest Of(RequestHead head, ReadOnlySpan<byte> bytes, ReadOnlyMemory<byte> body, ClientFacts from)
    {
        var target = Encoding.Latin1.GetString(head.Target(bytes));
        return new ApiRequest
        {
            Method = Encoding.Latin1.GetString(bytes[..head.MethodLength]),
            Path = target[..head.PathLength],
            Query = target.Length > head.PathLength ? target[(head.PathLength + 1)..] : "",
            Body = body,
            From = from,
            Upgrade = head.Upgrades ? Encoding.Latin1.GetString(head.Fields.Value(bytes, FieldId.Upgrade)).ToLowerInvariant() : null,
            Authorization = Encoding.Latin1.GetString(head.Fields.Value(bytes, "authorization"u8)),
            Key = Encoding.Latin1.GetString(head.Fields.Value(bytes, "opencluster-key"u8)),
        };
    }

    /// <summary>The value of a query parameter, decoded; null when it is not there.</summary>
    public string? Parameter(string name)
    {
        foreach (var pair in Query.Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && pair.AsSpan(0, equals).SequenceEqual(name)) return Uri.UnescapeDataString(pair[(equals + 1)..].Replace('+', ' '));
        }
        return null;
    }
}
