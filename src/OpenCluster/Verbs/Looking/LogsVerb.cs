using System.CommandLine;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster logs INSTANCE [-f]</c>.</summary>
internal static class LogsVerb
{
    private static readonly Argument<string> Instance = new("INSTANCE") { Description = "Instance, as `opencluster instances` lists it" };
    private static readonly Option<int> Lines = new("--lines", "-n") { Description = "How many of the last lines, 1 to 10,000", DefaultValueFactory = _ => 100 };
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on as lines come, until Ctrl-C" };

    public static Command Create() => ClientVerb.Create(
        "logs", "Show what an instance wrote.",
        ["opencluster logs api-7", "opencluster logs api-7 -f -n 20"], [Instance, Lines, Follow], async (call, ct) =>
        {
            await using var log = await call.Api.LogsAsync(
                call.Parsed.GetRequiredValue(Instance), call.Parsed.GetValue(Lines), call.Parsed.GetValue(Follow), ct).ConfigureAwait(false);
            await using var output = Console.OpenStandardOutput();
            await log.CopyToAsync(output, ct).ConfigureAwait(false);
            return ExitCode.Done;
        });
}
