using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Audit;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster audit</c>: who did what. Verified here, so that the controller's word is not needed for it.</summary>
internal static class AuditVerb
{
    private static readonly Option<int> Lines = new("--lines", "-n") { Description = "How many, newest last", DefaultValueFactory = _ => 20 };
    private static readonly Option<bool> Verify = new("--verify") { Description = "Verify that nothing was changed, taken out or put in" };
    private static readonly Option<string?> Head = new("--head") { Description = "With --verify: a hash noted earlier, which must be in the trail" };

    public static Command Create() => ClientVerb.Create(
        "audit", "Show who changed what, from where and why; `--verify` checks that the trail is whole.",
        ["opencluster audit", "opencluster audit --verify", "opencluster audit --verify --head HASH"], [Lines, Verify, Head], async (call, ct) =>
        {
            var trail = await call.Api.AuditAsync(ct).ConfigureAwait(false);
            if (call.Parsed.GetValue(Verify) && AuditChain.Broken(trail, call.Parsed.GetValue(Head)) is { } broken)
            {
                call.Screen.Error("audit-broken", broken);
                return ExitCode.Failed;
            }

            if (call.Json) call.Screen.Json(trail, ApiJson.Default.ImmutableArrayAuditView);
            else if (!call.Parsed.GetValue(Verify))
            {
                call.Screen.Table(["number", "when", "who", "from", "what", "why"],
                    trail.Take(call.Parsed.GetValue(Lines)).Reverse().Select(e => (string[])
                    [
                        $"{e.Number}", $"{e.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}", Screen.Plain(e.By), Screen.Plain(e.From), Screen.Plain(e.What), Screen.Plain(e.Why),
                    ]), "nothing has been done yet");
            }

            if (!call.Parsed.GetValue(Verify)) return ExitCode.Done;
            if (!call.Json) call.Screen.Line(trail.IsEmpty ? "nothing yet" : $"{trail[0].Hash}");
            call.Screen.Say($"[green]✓[/] {trail.Length} entries follow each other. Note the hash above elsewhere: `--head HASH` tells later whether the trail was written anew.");
            return ExitCode.Done;
        });
}
