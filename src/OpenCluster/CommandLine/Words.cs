using OpenCluster.Model.Running;

namespace OpenCluster.CommandLine;

/// <summary>How times, sizes and states are written for people.</summary>
internal static class Words
{
    public static string Bytes(long bytes) => bytes switch
    {
        0 => "-",
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => $"{bytes / 1024.0:0.#} KiB",
        < 1 << 30 => $"{bytes / 1048576.0:0.#} MiB",
        _ => $"{bytes / 1073741824.0:0.##} GiB",
    };

    public static string Ago(DateTimeOffset? then, DateTimeOffset now) => then is { } at ? Span(now - at) : "-";

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => $"{Math.Max(0, span.TotalMilliseconds):0}ms",
        { TotalSeconds: < 10 } => $"{span.TotalSeconds:0.0}s",
        { TotalMinutes: < 1 } => $"{span.TotalSeconds:0}s",
        { TotalHours: < 1 } => $"{span.TotalMinutes:0}m",
        { TotalDays: < 2 } => $"{span.TotalHours:0}h",
        _ => $"{span.TotalDays:0}d",
    };

    public static string Commit(string? commit) => commit is { Length: > 8 } ? commit[..8] : commit ?? "-";

    /// <summary>Escaped, and green, yellow or red by what it means.</summary>
    public static string Health(string health) => health switch
    {
        "alive" or "Ready" or "done" or "Up" => $"[green]{health}[/]",
        "down" or "Failed" or "failed" or "Unhealthy" or "Down" => $"[red]{health}[/]",
        "silent" or "BackingOff" or "rolled-back" or "rolling-back" or "Ejected" => $"[yellow]{health}[/]",
        _ => $"[blue]{Screen.Plain(health)}[/]",
    };

    /// <summary>As much of a sentence as fits a column; nothing is cut out of what programs read.</summary>
    public static string Short(string text, int letters) => text.Length <= letters ? text : text[..(letters - 1)].TrimEnd() + "…";

    /// <summary>Why something failed, with the log lines that show it.</summary>
    /// <param name="said">What was said just before; a reason in it is not said twice.</param>
    public static void Tell(this Screen screen, Failure failure, string said = "")
    {
        if (!said.Contains(failure.Reason, StringComparison.Ordinal)) screen.Markup($"  [yellow]why:[/] {Screen.Plain(failure.Reason)}");
        foreach (var line in failure.Log) screen.Markup($"  [grey]│ {Screen.Plain(line)}[/]");
    }
}
