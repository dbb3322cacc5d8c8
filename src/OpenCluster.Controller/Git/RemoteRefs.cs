using System.Collections.Immutable;

namespace OpenCluster.Controller.Git;

/// <summary>What <c>git ls-remote --symref</c> shows: branches and tags with their commits, and which branch is the default.</summary>
internal sealed record RemoteRefs(ImmutableSortedDictionary<string, string> Branches, ImmutableSortedDictionary<string, string> Tags, string? DefaultBranch)
{
    private const string Heads = "refs/heads/";
    private const string TagRefs = "refs/tags/";
    private const string Peeled = "^{}";

    /// <summary>Head of a branch (null: of the default one), or null when there is none.</summary>
    public string? HeadOf(string? branch) =>
        (branch ?? DefaultBranch ?? Branches.Keys.FirstOrDefault()) is { } name ? Branches.GetValueOrDefault(name) : null;

    public static RemoteRefs Parse(string output)
    {
        var branches = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var tags = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        string? head = null;
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab < 0) continue;
            var (value, name) = (line[..tab], line[(tab + 1)..].TrimEnd('\r'));
            if (value.StartsWith("ref: " + Heads, StringComparison.Ordinal) && name == "HEAD") head = value[("ref: " + Heads).Length..];
            else if (!CommitName.IsFull(value)) continue;
            else if (name.StartsWith(Heads, StringComparison.Ordinal)) branches[name[Heads.Length..]] = value;
            // An annotated tag is listed twice; the peeled line names the commit and comes second.
            else if (name.StartsWith(TagRefs, StringComparison.Ordinal))
                tags[name.EndsWith(Peeled, StringComparison.Ordinal) ? name[TagRefs.Length..^Peeled.Length] : name[TagRefs.Length..]] = value;
        }

        return new RemoteRefs(branches.ToImmutable(), tags.ToImmutable(), head);
    }
}

/// <summary>Object names: SHA-1 has 40 hex digits, SHA-256 has 64.</summary>
internal static class CommitName
{
    public static bool IsFull(string text) => text.Length is 40 or 64 && IsHex(text);

    public static bool IsAbbreviated(string text) => text.Length is >= 7 and < 64 && IsHex(text);

    private static bool IsHex(string text) => text.All(char.IsAsciiHexDigitLower);
}
