using System.Collections.Immutable;
using System.Text.Json.Serialization;
using OpenCluster.CommandLine;
using Spectre.Console;

namespace OpenCluster.Demo;

/// <summary>What the demo came to, as <c>--json</c> prints it.</summary>
internal sealed record Results(long Requests, long Failed, long LongestWaitMs, ImmutableArray<ActResult> Acts)
{
    /// <summary>Nothing failed and everything recovered.</summary>
    [JsonIgnore]
    public bool Good => Failed == 0 && Acts.All(a => a.RecoveredMs is not null);

    public static Results Of(IEnumerable<Act> acts)
    {
        var each = acts.Select(a => new ActResult(a.Name, a.Title, a.Sent, a.Failures, a.Retries, a.LongestWaitMs, a.RecoveredMs)).ToImmutableArray();
        return new Results(each.Sum(a => a.Requests), each.Sum(a => a.Failed), each.Max(a => a.LongestWaitMs), each);
    }

    public void Print(Screen screen)
    {
        screen.Line();
        screen.Ansi.Write(Screen.Grid(["act", ">requests", ">failed", ">longest wait", ">healthy after"], Acts.Select(a => (string[])
        [
            Screen.Plain(a.Title), $"{a.Requests:N0}", a.Failed == 0 ? "[green]0[/]" : $"[red]{a.Failed:N0}[/]", $"{a.LongestWaitMs:N0} ms",
            a.RecoveredMs switch { null => "[red]not[/]", 0 => "-", { } ms => $"{ms / 1000.0:0.0} s" },
        ]).Append(["[bold]all[/]", $"[bold]{Requests:N0}[/]", Failed == 0 ? "[bold green]0[/]" : $"[bold red]{Failed:N0}[/]", $"[bold]{LongestWaitMs:N0} ms[/]", ""])));
        var retried = Acts.Sum(a => a.Retried);
        if (retried > 0) screen.Say($"[grey]{retried:N0} of them found one load-balancer dead and were answered by the other, as a browser does with two addresses.[/]");
        screen.Line();
    }
}

/// <summary>
/// One act. Times in milliseconds. <c>recovered_ms</c> counts from the blow until every instance was healthy, the time included for
/// which a killed server or controller was kept away; from the push until its roll-out ended; 0 when nothing was broken; null when
/// it did not recover.
/// </summary>
internal sealed record ActResult(string Name, [property: JsonIgnore] string Title, long Requests, long Failed, [property: JsonIgnore] long Retried, long LongestWaitMs, long? RecoveredMs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Results))]
internal sealed partial class ResultsJson : JsonSerializerContext;
