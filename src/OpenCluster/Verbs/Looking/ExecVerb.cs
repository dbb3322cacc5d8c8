using System.CommandLine;
using System.Globalization;
using System.Text;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster exec INSTANCE -- COMMAND…</c>: runs beside the instance, as its user, with its environment.</summary>
internal static class ExecVerb
{
    private static readonly Argument<string> Instance = new("INSTANCE") { Description = "Instance, as `opencluster instances` lists it" };
    private static readonly Argument<string[]> Words = new("COMMAND") { Description = "The command and its arguments", Arity = ArgumentArity.OneOrMore };

    public static Command Create() => ClientVerb.Create(
        "exec", "Run a command in the directory, environment and user of an instance. The exit code is the command's.",
        ["opencluster exec api-7 -- env", "opencluster exec api-7 -- python3 manage.py check"], [Instance, Words], async (call, ct) =>
        {
            await using var answer = await call.Api.ExecAsync(
                call.Parsed.GetRequiredValue(Instance), new ExecRequest([.. call.Parsed.GetRequiredValue(Words)]), ct).ConfigureAwait(false);
            using var reader = new StreamReader(answer);
            var output = new StringBuilder();
            void Write(string line)
            {
                if (call.Json) output.Append(line).Append('\n');
                else call.Screen.Line(line);
            }

            string? held = null;
            while (await reader.ReadLineAsync(ct).ConfigureAwait(false) is { } line)
            {
                if (held is not null) Write(held);
                held = line;
            }

            // The last line is the agent's, not the command's.
            if (held is not null && held.StartsWith("exit ", StringComparison.Ordinal) && int.TryParse(held.AsSpan(5), CultureInfo.InvariantCulture, out var code))
            {
                if (call.Json) call.Screen.Json(new ExecResult(code, output.ToString()), LogJson.Default.ExecResult);
                return code;
            }

            if (held is not null) Write(held);
            call.Screen.Error("interrupted", "the connection to the instance's server ended before the command did; its result is not known.");
            return ExitCode.Failed;
        });
}
