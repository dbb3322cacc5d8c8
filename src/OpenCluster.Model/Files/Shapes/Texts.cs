using System.Net;
using System.Text.RegularExpressions;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>Rules for the kinds of text there are; each gives what is wrong, or null.</summary>
public static partial class Texts
{
    public const string NamePattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
    public const string ValueNamePattern = "^[a-z][a-z0-9-]*$";
    public const string HeaderPattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";
    public const string VariablePattern = "^[A-Za-z_][A-Za-z0-9_]*$";

    public static Wrong? NotAName(string text) => Name().IsMatch(text)
        ? null
        : new Wrong("is not a name", $"Names are 1 to 63 lower-case letters, digits and hyphens{Mended(text)}");

    /// <summary>What the broker can be asked for.</summary>
    public static Wrong? NotAnEndpoint(string text) => text.Length is > 0 and <= 127 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
        ? null
        : new Wrong("is not the name of an endpoint", "A service, SERVICE.PORT, an external endpoint, or what an app registers as its endpoint");

    public static Wrong? NotAValueName(string text) => ValueName().IsMatch(text)
        ? null
        : new Wrong("is not a name for a value", $"Lower-case letters, digits and hyphens, a letter first{Mended(text)}");

    public static Wrong? NotAVariable(string text)
    {
        if (!Variable().IsMatch(text))
            return new Wrong("is not a name for a variable", "Letters, digits and underscores, no digit first");
        return text is "HOST" or "PORT" || text.StartsWith("PORT_", StringComparison.Ordinal) || text.StartsWith("OPENCLUSTER_", StringComparison.Ordinal)
            ? new Wrong("is set by OpenCluster itself", "Choose another name")
            : null;
    }

    public static Wrong? NotALocation(string text) => Location().IsMatch(text)
        ? null
        : new Wrong("is not a location", "Names joined by dots, the widest first: dc.hall1");

    public static Wrong? NotAnAddress(string text) => IPAddress.TryParse(text, out var address) && text.Contains(address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? ':' : '.')
        && (text.Contains(':') || text.Count(c => c == '.') == 3)
        ? null
        : new Wrong("is not an IP address", "Such as 192.0.2.10 or 2001:db8::10");

    /// <summary>An address, or a network in CIDR form (RFC 4632) without bits set beyond its prefix.</summary>
    public static Wrong? NotANetwork(string text) => NotAnAddress(text) is null || IPNetwork.TryParse(text, out _)
        ? null
        : new Wrong("is not a network", "Such as 10.1.0.0/16, 2001:db8::/32, or one address");

    public static Wrong? NotAHostName(string text) => HostName().IsMatch(text) || NotAnAddress(text) is null
        ? null
        : new Wrong("is not a host", "A host name or an IP address");

    /// <summary>What a route answers to: a host name, <c>*</c>, or <c>*.example.org</c>.</summary>
    public static Wrong? NotAHostPattern(string text) => text == "*" || HostName().IsMatch(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text)
        ? null
        : new Wrong("is not a host", "Such as example.org, *.example.org (one label below), or * for any");

    /// <summary>What a certificate is for: a host name or <c>*.example.org</c>.</summary>
    public static Wrong? NotACertifiedHost(string text) => HostName().IsMatch(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text)
        ? null
        : new Wrong("is not a host", "Such as example.org, or *.example.org (one label below)");

    /// <summary>A file of a server.</summary>
    public static Wrong? NotAFile(string text) => text.StartsWith('/') && text.Length <= 1024 && !text.Any(char.IsControl)
        ? null
        : new Wrong("is not an absolute path", "Such as /etc/opencluster/example.pem");

    public static Wrong? NotAUrlPath(string text) => text.StartsWith('/') && !text.Any(c => c is '?' or '#' or ' ' || char.IsControl(c))
        ? null
        : new Wrong("is not a path", "Begin with a slash, without ? and #: /api");

    public static Wrong? NotAMethod(string text) => Method().IsMatch(text) ? null : new Wrong("is not a method", "Such as GET or POST, in upper case");

    /// <summary>A token, RFC 9110 §5.6.2: names of headers and cookies.</summary>
    public static Wrong? NotAHeader(string text) => Header().IsMatch(text) ? null : new Wrong("is not such a name", "Letters, digits and hyphens: X-Tenant");

    /// <summary>A path below a release's directory that cannot leave it.</summary>
    public static Wrong? NotBelow(string text)
    {
        if (text.Length is 0 or > 1024 || text.Any(char.IsControl))
            return new Wrong("is not a path", "Such as public or var/uploads");
        if (text.StartsWith('/') || text.StartsWith('~'))
            return new Wrong("leads out of the release's directory", "Write it relative to the release: var/uploads");
        return text.Split('/').Contains("..") ? new Wrong("leads out of the release's directory", "Leave out the \"..\"") : null;
    }

    /// <summary>A directory below the release, but not the release itself.</summary>
    public static Wrong? NotADirectoryBelow(string text) => NotBelow(text)
        ?? (text.Split('/').All(p => p is "." or "") ? new Wrong("is the whole release, which is new each time", "Name a directory in it: var/uploads") : null);

    public static Wrong? NotABranch(string text) => Branch().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal)
        && !text.EndsWith('/') && !text.EndsWith(".lock", StringComparison.Ordinal) && !text.Contains("//", StringComparison.Ordinal)
        ? null
        : new Wrong("is not the name of a branch", "Such as main or feature/login");

    public static Wrong? NotAUser(string text) => User().IsMatch(text)
        ? null
        : new Wrong("is not the name of a user", "Lower-case letters, digits, hyphens and underscores, at most 32, a letter first");

    public static Wrong? NotATag(string text) => Tag().IsMatch(text)
        ? null
        : new Wrong("is not a tag", "Letters, digits, dots and hyphens, at most 63: ssd");

    public static Wrong? NotText(string text) => text.Trim().Length == 0 ? new Wrong("is empty", "Write a text, or leave the key out") : null;

    /// <summary>The name someone may have had in mind: <c>Web Server</c> becomes <c>web-server</c>.</summary>
    private static string Mended(string text)
    {
        var mended = NotNamed().Replace(text.ToLowerInvariant(), "-").Trim('-');
        return Name().IsMatch(mended) ? $", such as \"{mended}\"" : "";
    }

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ValueName();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,254}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\A[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,7}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Location();

    [GeneratedRegex(@"\A[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?){0,31}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A[A-Za-z0-9_@][A-Za-z0-9._@+#/-]{0,249}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Branch();

    [GeneratedRegex(@"\A[a-z_][a-z0-9_-]{0,31}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex User();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9.-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\A[A-Z][A-Z-]{0,31}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Method();

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Header();

    [GeneratedRegex("[^a-z0-9]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NotNamed();
}
