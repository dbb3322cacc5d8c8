namespace OpenCluster.LoadBalancer.Http;

/// <summary>
/// Finds <c>.</c> and <c>..</c> as path segments, percent-encoded or not. Clients remove them before they send (RFC 3986 §5.2.4); on the wire
/// they only serve to reach, at the target, a path that the routes do not let through.
/// </summary>
internal static class DotSegments
{
    public static bool AnyIn(ReadOnlySpan<byte> path)
    {
        // Nearly every path has neither, which one search tells.
        if (path.IndexOf("/."u8) < 0 && path.IndexOf((byte)'%') < 0) return false;
        while (!path.IsEmpty)
        {
            var next = path[1..].IndexOf((byte)'/');
            if (IsDots(next < 0 ? path[1..] : path.Slice(1, next))) return true;
            path = next < 0 ? default : path[(next + 1)..];
        }
        return false;
    }

    private static bool IsDots(ReadOnlySpan<byte> segment)
    {
        var dots = 0;
        while (!segment.IsEmpty)
        {
            if (segment[0] == '.') segment = segment[1..];
            else if (segment.Length >= 3 && segment[0] == '%' && segment[1] == '2' && segment[2] is (byte)'e' or (byte)'E') segment = segment[3..];
            else return false;
            if (++dots > 2) return false;
        }
        return dots > 0;
    }
}
