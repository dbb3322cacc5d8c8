using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Data;

/// <summary><c>opencluster data move-primary</c>: a planned hand-over.</summary>
internal static class MovePrimaryVerb
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);
    private static readonly Argument<string> Space = new("space") { Description = "The space" };
    private static readonly Option<string?> To = new("--to") { Description = "Server that becomes primary; default the one most in step" };
    private static readonly Option<bool> Force = new("--force") { Description = "Also when acknowledged writes may be lost, or voters cannot be asked; needs --to and --why" };
    private static readonly Option<string> Why = new("--why") { Description = "For the audit trail", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Within = new("--within") { Description = "Seconds to wait for the new primary", DefaultValueFactory = _ => 30 };

    public static Command Create() => ClientVerb.Create(
        "move-primary", "Hand a space's primary over: writes stop, the new one catches up and takes over. No acknowledged write is lost.",
        ["opencluster data move-primary orders", "opencluster data move-primary orders --to db2 --why \"new disk in db1\""], [Space, To, Force, Why, Within], RunAsync);

    private static async Task<int> RunAsync(Call call, CancellationToken ct)
    {
        var space = call.Parsed.GetRequiredValue(Space);
        var began = TimeProvider.System.GetTimestamp();
        var move = new PrimaryMoveRequest { To = call.Parsed.GetValue(To), Force = call.Parsed.GetValue(Force), Why = call.Parsed.GetValue(Why) ?? "" };
        var moving = await call.Api.MovePrimaryAsync(space, move, ct).ConfigureAwait(false);
        var now = await ServingAsync(call.Api, moving, TimeSpan.FromSeconds(call.Parsed.GetValue(Within)), ct).ConfigureAwait(false);
        if (now.Primary is null || now.Epoch < moving.Epoch)
        {
            call.Screen.Error("no-primary", $"{now.Name} has no primary yet: {now.Why}. See `opencluster data status` and `opencluster events`.");
            return ExitCode.Failed;
        }

        if (move.To is { } to && now.Primary != to) return Elsewhere(call, to, now);
        if (call.Json) call.Screen.Json([now], ApiJson.Default.ImmutableArraySpaceView);
        else call.Screen.Say(Screen.Plain($"{now.Name} is written on {now.Primary} ({now.Writes}) in epoch {now.Epoch}, after {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:0} ms"));
        return ExitCode.Done;
    }

    /// <summary>Another copy was further along when the time was up: then safety wins over the wish.</summary>
    private static int Elsewhere(Call call, string to, SpaceView now)
    {
        call.Screen.Error("elsewhere", $"{to} did not catch up in time, so {now.Primary} is primary. Look at its lag with `opencluster data status`, and try again.");
        return ExitCode.Failed;
    }

    private static async Task<SpaceView> ServingAsync(ApiClient api, SpaceView moving, TimeSpan within, CancellationToken ct)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var now = (await api.DataAsync(ct).ConfigureAwait(false)).First(s => s.Name == moving.Name);
            if ((now.Phase == "serving" && now.Epoch >= moving.Epoch) || TimeProvider.System.GetElapsedTime(began) > within) return now;
            await Task.Delay(LookAgain, TimeProvider.System, ct).ConfigureAwait(false);
        }
    }
}
