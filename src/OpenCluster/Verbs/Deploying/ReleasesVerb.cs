using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Deploying;

/// <summary><c>opencluster releases [SERVICE]</c>.</summary>
internal static class ReleasesVerb
{
    private static readonly Argument<string?> Service = new("SERVICE") { Description = "Only of this service", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<string?> Zone = new("--zone") { Description = "Only those made for this zone" };

    public static Command Create() => ClientVerb.Create(
        "releases", "List built versions: what was built from which commit, and where it runs.",
        ["opencluster releases", "opencluster releases api --zone production"], [Service, Zone], async (call, ct) =>
        {
            var releases = await call.Api.ReleasesAsync(call.Parsed.GetValue(Service), ct).ConfigureAwait(false);
            if (call.Parsed.GetValue(Zone) is { } zone) releases = [.. releases.Where(r => r.Zone == zone)];
            if (call.Json)
            {
                call.Screen.Json(releases, ApiJson.Default.ImmutableArrayReleaseView);
                return ExitCode.Done;
            }

            var now = TimeProvider.System.GetUtcNow();
            call.Screen.Table(["service", "release", "zone", "state", "runs in", "commit", "branch", ">size", "made", "message"],
                releases.Select(r => (string[])
                [
                    Screen.Plain(r.Service), $"{r.Number}", Screen.Plain(r.Zone), Words.Health(r.State), Screen.Plain(string.Join(",", r.RunsIn)), Words.Commit(r.Commit),
                    Screen.Plain(r.Branch ?? "-"), Words.Bytes(r.SizeBytes), Words.Ago(r.Created, now) + " ago", Screen.Plain(r.Failure?.Reason ?? r.Message),
                ]), "no releases yet: `opencluster deploy SERVICE` makes one");
            return ExitCode.Done;
        });
}
