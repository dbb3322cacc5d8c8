using System.Net;

namespace OpenCluster.Ssh;

/// <summary>A host to make a server of: <c>[NAME] USER@HOST[:PORT] [SHA256:FINGERPRINT]</c>, as one line of a list.</summary>
/// <param name="Name">What the cluster file calls it.</param>
/// <param name="Login">As ssh takes it: <c>root@10.0.0.5</c>, or a host of its configuration.</param>
/// <param name="Fingerprint">Of the host's key, as <c>ssh-keygen -l</c> shows it; null to go by known_hosts.</param>
internal sealed record SshTarget(string Name, string Login, int Port, string? Fingerprint)
{
    /// <summary>More hosts than that at once are a mistake.</summary>
    public const int Most = 1000;

    public string Host => Login[(Login.IndexOf('@', StringComparison.Ordinal) + 1)..];

    /// <summary>One a line; empty lines and what follows a # are left out.</summary>
    /// <exception cref="FormatException">A line is not of the form, or a name stands twice.</exception>
    public static IReadOnlyList<SshTarget> ParseList(string text)
    {
        var targets = text.Split('\n').Select((line, i) => (Line: line.Split('#')[0].Trim(), Number: i + 1)).Where(l => l.Line.Length > 0).Select(l => Parse(l.Line, null, $"line {l.Number}")).ToList();
        if (targets.Count is 0 or > Most) throw new FormatException($"The list names {targets.Count} hosts; 1 to {Most} are possible.");
        return targets.GroupBy(t => t.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new FormatException($"\"{twice.Key}\" stands twice in the list.")
            : targets;
    }

    /// <param name="name">When the line does not begin with one; null then takes the host's.</param>
    /// <param name="where">For errors.</param>
    /// <exception cref="FormatException">It is not of the form.</exception>
    public static SshTarget Parse(string line, string? name, string where)
    {
        var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).ToList();
        var fingerprint = words.Count > 1 && words[^1].StartsWith("SHA256:", StringComparison.Ordinal) ? words[^1] : null;
        if (fingerprint is not null) words.RemoveAt(words.Count - 1);
        if (words.Count is not (1 or 2)) throw Wrong();
        var (login, port) = Split(words[^1]);
        // What begins with a hyphen would be taken for an option by ssh.
        if (login.Length == 0 || login[0] == '-' || login.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '\'' or '"' or '`' or '$' or ';' or '|' or '&')) throw Wrong();
        var target = new SshTarget(words.Count == 2 ? words[0] : name ?? "", login, port, fingerprint);
        if (target.Name.Length == 0) target = target with { Name = IPAddress.TryParse(target.Host, out _) ? throw Unnamed() : target.Host.Split('.')[0] };
        return target.Name.Length <= 63 && target.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? target
            : throw new FormatException($"{where}: \"{target.Name}\" is not a server's name: 1 to 63 lower-case letters, digits and hyphens.");

        FormatException Wrong() => new($"{where}: \"{line}\" is not [NAME] USER@HOST[:PORT] [SHA256:FINGERPRINT], such as \"web3 root@10.0.0.7\".");
        FormatException Unnamed() => new($"{where}: what should \"{login}\" be called? Write its name in front: \"web3 {login}\".");
    }

    /// <summary>A port stands after the last colon, unless that belongs to an IPv6 address without brackets.</summary>
    private static (string Login, int Port) Split(string word)
    {
        var host = word[(word.IndexOf('@', StringComparison.Ordinal) + 1)..];
        var colon = host.LastIndexOf(':');
        var bare = host.Count(c => c == ':') > 1 && !host.StartsWith('[');
        var port = !bare && colon >= 0 && colon > host.LastIndexOf(']') && int.TryParse(host.AsSpan(colon + 1), out var number) && number is >= 1 and <= 65535 ? number : 0;
        var login = port == 0 ? word : word[..^(host.Length - colon)];
        return (login.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal), port == 0 ? 22 : port);
    }
}
