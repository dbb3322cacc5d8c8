using System.CommandLine;
using System.Text.Json.Nodes;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster lb registrations</c>: what apps have registered, as one load-balancer that can be reached knows it.</summary>
internal static class RegistrationsVerb
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static Command Create() => ClientVerb.Create(
        "registrations", "List what apps have registered with the load-balancers: paths, address, state, what is left of the lease.",
        ["opencluster lb registrations"], [], async (call, ct) =>
        {
            var status = await call.Api.StatusAsync(ct).ConfigureAwait(false);
            var instances = await call.Api.InstancesAsync(null, ct).ConfigureAwait(false);
            var balancers = status.Balancers.Select(b => b.Instance).ToHashSet(StringComparer.Ordinal);
            foreach (var instance in instances.Where(i => balancers.Contains(i.Id)))
            {
                if (instance.Status is not { Ports.Count: > 0, Address.Length: > 0 } at || await AskAsync($"http://{at.Address}:{at.Ports.First().Value}/registrations", ct).ConfigureAwait(false) is not { } text) continue;
                if (call.Json) Console.Out.WriteLine(text);
                else Show(call.Screen, JsonNode.Parse(text)!.AsArray());
                return ExitCode.Done;
            }
            call.Screen.Error("no-balancer", "No load-balancer can be asked from here: its own port is reached from its server, see `opencluster instances`.");
            return ExitCode.Unreachable;
        });

    private static void Show(Screen screen, JsonArray registrations) => screen.Table(["app", "instance", "route", "paths", "address", "state", ">left", "why"],
        registrations.Select(r => (string[])
        [
            Text(r, "app"), Text(r, "instance"), Text(r, "route"), Screen.Plain(string.Join(", ", r!["paths"]!.AsArray().Select(p => (string?)p))), Text(r, "address"),
            Words.Health((string?)r["state"] ?? ""), $"{(double?)r["ttlSeconds"]:0} s", Text(r, "reason"),
        ]), "no app has registered");

    private static string Text(JsonNode? registration, string field) => Screen.Plain((string?)registration![field] ?? "");

    /// <summary>Null when it does not answer.</summary>
    private static async Task<string?> AskAsync(string url, CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = Patience };
        try
        {
            return await http.GetStringAsync(new Uri(url), ct).ConfigureAwait(false);
        }
        catch (Exception away) when (away is HttpRequestException || (away is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }
}
