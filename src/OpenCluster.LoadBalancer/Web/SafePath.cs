using System.Text;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>
/// From a request's path to a file below a directory, or nothing. Refused: encoded slashes and backslashes, controls, bytes that are not
/// UTF-8, segments that begin with a dot (<c>.well-known</c> excepted: RFC 8615), and links that lead out of the directory.
/// </summary>
internal static class SafePath
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The path below the root, starting with a slash; null when it is refused.</summary>
    public static string? Decode(ReadOnlySpan<byte> path)
    {
        Span<byte> bytes = path.Length <= 1024 ? stackalloc byte[path.Length] : new byte[path.Length];
        var length = 0;
        for (var i = 0; i < path.Length; i++)
        {
            var next = path[i];
            if (next == '%')
            {
                if (i + 2 >= path.Length || !Byte.TryParse(path.Slice(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out next)) return null;
                if (next == '/') return null;
                i += 2;
            }
            if (next is < 0x20 or 0x7F or (byte)'\\') return null;
            bytes[length++] = next;
        }

        string text;
        try
        {
            text = StrictUtf8.GetString(bytes[..length]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        return HasHiddenSegment(text) ? null : text;
    }

    /// <summary>The file or directory itself, all links followed; null when it does not exist or lies outside.</summary>
    /// <param name="root">With links followed already.</param>
    public static string? Resolve(string root, string path)
    {
        var at = root;
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, segment);
            FileSystemInfo here = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            if (!here.Exists) return null;
            if (here.LinkTarget is null) continue;
            if (here.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: true } target || !IsBelow(root, target.FullName)) return null;
            at = target.FullName;
        }
        return at;
    }

    private static bool IsBelow(string root, string file) => file.StartsWith(root, StringComparison.Ordinal) && (file.Length == root.Length || file[root.Length] == '/');

    private static bool HasHiddenSegment(string path)
    {
        for (var at = path.IndexOf("/.", StringComparison.Ordinal); at >= 0; at = path.IndexOf("/.", at + 1, StringComparison.Ordinal))
        {
            var end = path.IndexOf('/', at + 1);
            if (!path.AsSpan(at + 1, (end < 0 ? path.Length : end) - at - 1).SequenceEqual(".well-known")) return true;
        }
        return false;
    }
}
