using System.Text.RegularExpressions;

namespace OpenCluster.Controller.Git;

internal static partial class GitUrl
{
    /// <summary>The text with every <c>//user:password@</c> of a URL taken out: for messages, logs and the audit trail.</summary>
    public static string WithoutCredentials(string text) => Credentials().Replace(text, "//");

    /// <summary>The directory of a repository on this machine, or null for one elsewhere.</summary>
    public static string? LocalPath(string url)
    {
        if (url.StartsWith("file://", StringComparison.Ordinal)) return url["file://".Length..];
        return url.StartsWith('/') ? url : null;
    }

    // At most 512 characters before the @, so that a hostile text cannot make it slow.
    [GeneratedRegex("//[^/@\\s]{1,512}@", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Credentials();
}
