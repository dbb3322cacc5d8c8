using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster servers</c>.</summary>
internal static class ServersVerb
{
    public static Command Create() => ClientVerb.Create(
        "servers", "List servers: where they stand, whether they are alive, what they have.",
        ["opencluster servers", "opencluster servers --json"], [], async (call, ct) =>
        {
            var servers = await call.Api.ServersAsync(ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(servers, ApiJson.Default.ImmutableArrayServerView);
            else Print(call.Screen, servers, TimeProvider.System.GetUtcNow());
            return ExitCode.Done;
        });

    public static void Print(Screen screen, IEnumerable<ServerView> servers, DateTimeOffset now) =>
        screen.Table(["server", "health", "for", "zone", "location", "address", "roles", ">instances", ">memory free", ">load"],
            servers.Select(s => (string[])
            [
                Screen.Plain(s.Name), Words.Health(s.Health) + (s.Reason.Length > 0 ? $" [grey]{Screen.Plain(s.Reason)}[/]" : ""), Words.Ago(s.Since, now),
                Screen.Plain(s.Zone), Screen.Plain(s.Location), Screen.Plain(s.Address), Screen.Plain(string.Join(",", s.Roles)),
                $"{s.Instances}", Words.Bytes(s.Facts.MemoryAvailableBytes), $"{s.Facts.Load:0.0#}",
            ]), "no servers: name some in the cluster file and apply it");
}
