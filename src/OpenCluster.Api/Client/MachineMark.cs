namespace OpenCluster.Api.Client;

/// <summary>
/// The machine and boot that an agent's request comes from, in a header of every request: a copy of a server's disk brings its key
/// along, but is another machine, or at least another boot.
/// </summary>
/// <param name="Machine">Letters, digits and hyphens; at most 128.</param>
/// <param name="Boot">The same.</param>
public sealed record MachineMark(string Machine, string Boot)
{
    public const string Header = "OpenCluster-Machine";

    private const int MaxLength = 128;

    public override string ToString() => $"{Machine} {Boot}";

    /// <summary>Null when it is not one.</summary>
    public static MachineMark? Parse(string header) =>
        header.Split(' ') is [var machine, var boot] && IsWord(machine) && IsWord(boot) ? new MachineMark(machine, boot) : null;

    private static bool IsWord(string word) => word.Length is > 0 and <= MaxLength && word.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
