using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
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
            if (call.Json)
            {
                using var reader = new StreamReader(log);
                while (await reader.ReadLineAsync(ct).ConfigureAwait(false) is { } line) call.Screen.Json(new LogLine(line), LogJson.Default.LogLine);
                return ExitCode.Done;
            }

            await using var output = Console.OpenStandardOutput();
            await log.CopyToAsync(output, ct).ConfigureAwait(false);
            return ExitCode.Done;
        });
}

/// <summary>A line of an instance's log, as <c>--json</c> prints it.</summary>
internal sealed record LogLine(string Line);

/// <summary>What a command came to, as <c>--json</c> prints it.</summary>
/// <param name="Output">Standard output and error, as they came.</param>
internal sealed record ExecResult(int ExitCode, string Output);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(ExecResult))]
internal sealed partial class LogJson : JsonSerializerContext;
