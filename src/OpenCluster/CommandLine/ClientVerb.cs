using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using OpenCluster.Agent;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Ssh;
using OpenCluster.Verbs.Files;

namespace OpenCluster.CommandLine;

/// <summary>What a verb that talks to a controller works with.</summary>
internal sealed record Call(ParseResult Parsed, ApiClient Api, Screen Screen)
{
    /// <summary>Answer as JSON, one value a line, for programs.</summary>
    public bool Json => Parsed.GetValue(ClientVerb.Json);
}

/// <summary>
/// The shape every client verb has: parse, send the same typed request that any client sends, print. Options shared by all stand
/// here once, and so does what each error means for the exit code.
/// </summary>
internal static class ClientVerb
{
    public static readonly Option<string?> Controller = new("--controller") { Description = "URL of the controller (default: the cluster of this directory, or OPENCLUSTER_CONTROLLER)", Recursive = true };
    public static readonly Option<string?> TokenFile = new("--token-file") { Description = "File with your token (default: the cluster of this directory, or OPENCLUSTER_TOKEN_FILE)", Recursive = true };
    public static readonly Option<string?> Roots = new("--roots") { Description = "File with the cluster's roots (default: the cluster of this directory, or OPENCLUSTER_ROOTS)", Recursive = true };
    public static readonly Option<bool> Json = new("--json") { Description = "Answer as JSON", Recursive = true };

    /// <param name="examples">Whole command lines, shown in the help.</param>
    public static Command Create(string name, string description, string[] examples, IEnumerable<Symbol> symbols, Func<Call, CancellationToken, Task<int>> run)
    {
        var command = new Command(name, WithExamples(description, examples));
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        command.SetAction((parsed, ct) => RunAsync(parsed, run, ct));
        return command;
    }

    public static string WithExamples(string description, params string[] examples) =>
        examples.Length == 0 ? description : $"{description}\n\nExamples:\n{string.Join('\n', examples.Select(e => "  " + e))}";

    private static async Task<int> RunAsync(ParseResult parsed, Func<Call, CancellationToken, Task<int>> run, CancellationToken ct)
    {
        var screen = new Screen(parsed);
        return await GuardedAsync(screen, async () =>
        {
            if (Context.Find(parsed.GetValue(Controller), parsed.GetValue(TokenFile), parsed.GetValue(Roots)) is not { } context)
            {
                screen.Error("no-cluster", Context.Incomplete(parsed.GetValue(Controller), parsed.GetValue(TokenFile))
                ?? $"no cluster here: no {Context.DirectoryName} in this directory or above it. Start one with `opencluster up FILE`, log in to one with `opencluster login`, or name one with --controller and --token-file.");
                return ExitCode.Usage;
            }

            using var api = context.Client(TimeProvider.System);
            return await run(new Call(parsed, api, screen), ct).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Runs a verb's work and says every expected failure in one place.</summary>
    public static async Task<int> GuardedAsync(Screen screen, Func<Task<int>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (ProblemException refused)
        {
            screen.Error(refused.Problem.Code, refused.Message, refused.Problem.Errors);
            return refused.Problem.Code == "file-invalid" ? ExitCode.Usage : ExitCode.Refused;
        }
        catch (FileInvalidException invalid)
        {
            screen.Error("file-invalid", invalid.Message, [.. invalid.Errors]);
            return ExitCode.Usage;
        }
        catch (UnreachableException away)
        {
            screen.Error("unreachable", away.Message);
            return ExitCode.Unreachable;
        }
        catch (TimeoutException late)
        {
            screen.Error("timeout", late.Message);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or JsonException or FormatException or CryptographicException or AgentException or SshException)
        {
            screen.Error("failed", wrong.Message);
            return ExitCode.Usage;
        }
    }
}
