using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Looking;

/// <summary><c>opencluster instances [SERVICE]</c>.</summary>
internal static class InstancesVerb
{
    private static readonly Argument<string?> Service = new("SERVICE") { Description = "Only of this service or load-balancer", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create() => ClientVerb.Create(
        "instances", "List running copies of services: where, which release, how they are, what they use.",
        ["opencluster instances", "opencluster instances api"], [Service], async (call, ct) =>
        {
            var instances = await call.Api.InstancesAsync(call.Parsed.GetValue(Service), ct).ConfigureAwait(false);
            if (call.Json)
            {
                call.Screen.Json(instances, ApiJson.Default.ImmutableArrayInstanceView);
                return ExitCode.Done;
            }

            var now = TimeProvider.System.GetUtcNow();
            call.Screen.Table(["instance", "phase", "for", "release", "zone", "server", "address", ">pid", ">restarts", ">cpu", ">memory"],
                instances.Select(i => (string[])
                [
                    Screen.Plain(i.Id), Words.Health((i.Status?.Phase.ToString() ?? "pending")), Words.Ago(i.Status?.Since, now),
                    i.Release > 0 ? $"{i.Release}" : "-", Screen.Plain(i.Zone), Screen.Plain(i.Server),
                    i.Status is { Ports.Count: > 0 } s ? Screen.Plain($"{s.Address}:{s.Ports.First().Value}") : "-",
                    i.Status is { Pid: > 0 } p ? $"{p.Pid}" : "-", $"{i.Status?.Restarts ?? 0}",
                    $"{(i.Status?.Usage.Cpu ?? 0) * 100:0}%", Words.Bytes(i.Status?.Usage.MemoryBytes ?? 0),
                ]), "no instances");
            foreach (var broken in instances)
            {
                if (broken.Status is not { Failure: { } failure, Phase: not Model.Running.InstancePhase.Ready }) continue;
                call.Screen.Markup($"\n[bold]{Screen.Plain(broken.Id)}[/]");
                call.Screen.Tell(failure);
            }

            return ExitCode.Done;
        });
}
