using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Steering;

/// <summary><c>opencluster pause</c> and <c>resume</c>: automatic acts off and on again, with who and why.</summary>
internal static class PauseVerbs
{
    private static readonly Argument<string?> Scope = new("SCOPE") { Description = "service/NAME or server/NAME; everything when left out", Arity = ArgumentArity.ZeroOrOne };

    public static Command Pause() => Create(
        "pause", "Switch automatic acts off: for everything, a service or a server. What runs goes on running.",
        ["opencluster pause --why 'moving racks'", "opencluster pause service/api"], paused: true);

    public static Command Resume() => Create(
        "resume", "Switch automatic acts on again.", ["opencluster resume", "opencluster resume service/api"], paused: false);

    private static Command Create(string name, string description, string[] examples, bool paused) =>
        ClientVerb.Create(name, description, examples, [Scope, Files.FileArguments.Why], async (call, ct) =>
        {
            var request = new PauseRequest(call.Parsed.GetValue(Scope) ?? "", paused, call.Parsed.GetRequiredValue(Files.FileArguments.Why));
            var pauses = await call.Api.PauseAsync(request, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(pauses, ApiJson.Default.ImmutableArrayPauseView);
            else
            {
                call.Screen.Table(["paused", "by", "since", "why"],
                    pauses.Select(p => (string[])[Screen.Plain(p.Scope.Length == 0 ? "everything" : p.Scope), Screen.Plain(p.By), $"{p.Since.ToLocalTime():HH:mm:ss}", Screen.Plain(p.Why)]),
                    "nothing is paused");
            }

            return ExitCode.Done;
        });
}
