namespace OpenCluster.Model.Files.Shapes;

/// <summary>
/// A URL that git understands and that may stand in a file: without a credential in it, and without a transport that runs
/// commands (<c>ext::</c>) or looks like an option.
/// </summary>
public static class GitUrl
{
    private static readonly string[] Schemes = ["https", "http", "ssh", "git", "file"];

    /// <summary>What is wrong, or null. The URL itself is in neither text, as it may hold a password.</summary>
    public static Wrong? Check(string url)
    {
        if (url.Length == 0 || url.StartsWith('-') || url.Contains("::", StringComparison.Ordinal) || url.Any(c => char.IsControl(c) || c == ' '))
            return new Wrong("is not a URL for git", "Such as https://git.example.org/team/api.git or git@git.example.org:team/api.git");

        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        return scheme >= 0 ? CheckFull(url[..scheme].ToLowerInvariant(), url[(scheme + 3)..]) : CheckShort(url);
    }

    private static Wrong? CheckFull(string scheme, string rest)
    {
        if (!Schemes.Contains(scheme))
            return new Wrong("has a scheme that git does not have", $"Use {string.Join(", ", Schemes)}, or a path");

        var end = rest.IndexOfAny(['/', '?', '#']);
        var authority = end < 0 ? rest : rest[..end];
        var at = authority.LastIndexOf('@');
        var user = at < 0 ? "" : authority[..at];

        // In https the user alone is often a token; with ssh it is only whom to ask for.
        var credential = scheme == "ssh" ? user.Contains(':') : user.Length > 0;
        return credential || rest.Contains('?') ? Credential : null;
    }

    /// <summary>A path on this machine, or <c>user@host:path</c>.</summary>
    private static Wrong? CheckShort(string url)
    {
        var at = url.IndexOf('@');
        var slash = url.IndexOf('/');
        var inUser = at >= 0 && (slash < 0 || at < slash);
        return inUser && url[..at].Contains(':') ? Credential : null;
    }

    private static Wrong Credential { get; } = new(
        "holds a user, password or token",
        "Take it out and change it, as it has been in a file; give the servers a key of their own, or keep it as a secret");
}
