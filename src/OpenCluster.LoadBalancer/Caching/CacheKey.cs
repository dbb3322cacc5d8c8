using System.Text;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// What chooses an answer beside Vary: scheme, host, target, and what stands in the path's place towards the instance; the method is always
/// GET's. Without the scheme an app's "come back with https" would be served to those who have; without the rewrite two matches at one place would
/// share their answers. Written <c>shost/path?query</c>, with <c>p</c> for s when it came without TLS, and <c> /rewrite</c> behind it.
/// </summary>
internal static class CacheKey
{
    /// <summary>Longer ones are not kept: each costs its length in memory.</summary>
    public const int Longest = 2048;

    /// <param name="key">Space for <see cref="Longest"/>; what of it is the key.</param>
    public static bool TryWrite(ClientConnection client, ref Span<char> key)
    {
        var bytes = client.HeadBytes;
        var exchange = client.Exchange;
        var host = exchange.Head.Host(bytes);
        var target = exchange.Head.Target(bytes);
        var rewrite = exchange.Matcher is { ChangesPath: true } matcher ? matcher.Rewrite.Span : default;
        if (host.Length + target.Length + rewrite.Length + 2 > key.Length || target[0] != '/') return false;

        key[0] = client.Facts.IsSecure ? 's' : 'p';
        Ascii.ToLower(host, key[1..], out var hostLength);
        var length = 1 + hostLength;
        length += Encoding.Latin1.GetChars(target, key[length..]);
        if (!rewrite.IsEmpty)
        {
            // A blank: no target has one.
            key[length++] = ' ';
            length += Encoding.Latin1.GetChars(rewrite, key[length..]);
        }
        key = key[..length];
        return true;
    }

    /// <summary>Path and query as the client sent them.</summary>
    public static ReadOnlySpan<char> Target(string key)
    {
        var target = key.AsSpan(key.IndexOf('/'));
        var end = target.IndexOf(' ');
        return end < 0 ? target : target[..end];
    }
}
