using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Data;

/// <summary><c>opencluster data status</c>: every space, its primary, its copies.</summary>
internal static class DataStatusVerb
{
    private static readonly Argument<string?> Space = new("space") { Description = "One space alone", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create() => ClientVerb.Create(
        "status", "Show spaces: where each is written, where it is read, how far its copies are behind.",
        ["opencluster data status", "opencluster data status orders --json"], [Space], async (call, ct) =>
        {
            var all = await call.Api.DataAsync(ct).ConfigureAwait(false);
            var name = call.Parsed.GetValue(Space);
            var spaces = name is null ? all : [.. all.Where(s => s.Name == name)];
            if (name is not null && spaces.IsEmpty)
            {
                call.Screen.Error("not-found", $"there is no space \"{name}\"; `opencluster data status` lists all");
                return ExitCode.Failed;
            }

            if (call.Json) call.Screen.Json(spaces, ApiJson.Default.ImmutableArraySpaceView);
            else Print(call.Screen, spaces, TimeProvider.System.GetUtcNow());
            return spaces.All(s => s.Primary is not null) ? ExitCode.Done : ExitCode.Failed;
        });

    private static void Print(Screen screen, IReadOnlyList<SpaceView> spaces, DateTimeOffset now)
    {
        foreach (var space in spaces.Where(s => s.Primary is null))
            screen.Error("no-primary", $"{space.Name} takes no writes: {space.Phase} since {Words.Ago(space.Since, now)} ({space.Why})");
        screen.Table(["space", "server", "role", "epoch", "reads at", ">lag bytes", ">lag seconds", "location", "trouble"],
            spaces.SelectMany(s => s.Copies.Select(c => (string[])
            [
                Screen.Plain(s.Name), Screen.Plain(c.Server), c.Role == "primary" ? "[green]primary[/]" : Screen.Plain(c.Role), $"{s.Epoch}", Screen.Plain(c.Address),
                c.LagBytes is { } bytes ? $"{bytes}" : "", c.LagSeconds is { } seconds ? $"{seconds}" : "", Screen.Plain(c.Location), Screen.Plain(c.Trouble ?? ""),
            ])), "no spaces: name one under \"data\" in the cluster file and apply it");
    }
}
