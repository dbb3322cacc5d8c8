namespace OpenCluster.Decisions;

/// <summary>Small words for sentences that people read.</summary>
internal static class Words
{
    public static string For(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => $"{time.TotalMilliseconds:0} ms",
        { TotalSeconds: < 120 } => $"{time.TotalSeconds:0.#} s",
        { TotalMinutes: < 120 } => $"{time.TotalMinutes:0.#} min",
        _ => $"{time.TotalHours:0.#} h",
    };

    public static string Count(int number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";

    public static string Short(string? commit) => commit is { Length: > 8 } ? commit[..8] : commit ?? "";

    public static string Because(string why) => why.Length == 0 ? "" : $" ({why})";
}
