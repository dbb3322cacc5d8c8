using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.OwnApi;
using OpenCluster.LoadBalancer.Registration;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Broker;

/// <summary>
/// "What should I connect to?": <c>GET /v1/broker/ENDPOINT</c>, once or (with <c>watch=true</c>) now and at each change; and
/// <c>/v1/broker/ENDPOINT/connection</c>, a connection through this load-balancer for those who cannot go directly.
/// </summary>
internal sealed class BrokerApi(Balancer balancer, LeaseStore leases, Pulse pulse)
{
    public const string Root = "/v1/broker/";
    public const string ThroughProtocol = "opencluster-connect";
    private const int TtlSeconds = 30;
    private const int MostDirect = 16;
    private const int MostWatches = 2000;
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(10);
    private int _watches;
    private long _answers;
    private long _tunnels;

    public long Answers => Interlocked.Read(ref _answers);
    public long Tunnels => Interlocked.Read(ref _tunnels);

    public ApiAnswer Answer(ApiRequest request, RegistrarCaller caller, BalancerSnapshot snapshot)
    {
        if (request.Method != "GET") return ApiAnswer.Refused(new(405, "method-not-allowed", $"{request.Method} is not possible here.", "Ask with GET."));
        var parts = request.Path[Root.Length..].Split('/');
        if (parts.Length > 2 || parts is [_, not "connection"] || parts[0].Length == 0)
            return ApiAnswer.Refused(new(404, "not-found", "There is nothing here.", $"Ask for {Root}ENDPOINT."));
        var endpoint = Uri.UnescapeDataString(parts[0]);
        // Whether an endpoint exists is told only to those who may have it.
        if (!caller.Token.Endpoints.Contains(endpoint))
            return ApiAnswer.Refused(RegistrationProblem.Forbidden("endpoint-not-allowed", "This token may not ask for that endpoint.", "Make one that may: `opencluster token create NAME --app --endpoint ENDPOINT`."));
        if (Places(snapshot, endpoint).IsEmpty)
            return ApiAnswer.Refused(new(404, "endpoint-unknown", $"Nobody offers \"{endpoint}\" now.", "Name a service, SERVICE.PORT, an external endpoint, or what an app registered as its endpoint; watch with ?watch=true to hear when it comes."));
        if (parts.Length == 2) return Connect(request, endpoint);

        var location = request.Parameter("location") ?? snapshot.Location;
        if (request.Parameter("watch") != "true") return ApiAnswer.Json(Tell(endpoint, location), RegistrarJson.Default.BrokerAnswer);
        return Volatile.Read(ref _watches) >= MostWatches
            ? ApiAnswer.Refused(new(503, "too-many-watches", $"{MostWatches} watches are open already.", "Ask again every 30 s, or another load-balancer."))
            : new ApiAnswer.Events(ct => WatchAsync(endpoint, location, ct));
    }

    private ImmutableArray<BrokeredTarget> Places(BalancerSnapshot snapshot, string endpoint) => Brokered.Places(snapshot, leases.Live, endpoint);

    private BrokerAnswer Tell(string endpoint, string location)
    {
        Interlocked.Increment(ref _answers);
        var snapshot = balancer.Snapshot!;
        var declared = snapshot.Endpoints.FirstOrDefault(e => e.Name == endpoint);
        var places = Places(snapshot, endpoint);
        var states = balancer.Targets.Slots.GroupBy(s => s.Key.Id, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Health.State, StringComparer.Ordinal);
        TargetState StateOf(BrokeredTarget place) => states.GetValueOrDefault(place.Id, TargetState.Unknown);
        var direct = Brokered.InOrder(places.Where(p => p.Mode != ReachMode.Through), location, StateOf).ToList();
        // What is down is told only when there is nothing else: then the app may see for itself.
        if (direct.Exists(p => StateOf(p) is TargetState.Up or TargetState.Unknown)) direct.RemoveAll(p => StateOf(p) is TargetState.Down or TargetState.Ejected);
        var through = new BrokerWay { How = "through", Path = $"{Root}{Uri.EscapeDataString(endpoint)}/connection", Upgrade = ThroughProtocol };
        return new BrokerAnswer
        {
            Endpoint = endpoint,
            Protocol = declared?.Protocol ?? leases.Live.FirstOrDefault(r => r.Endpoint == endpoint)?.Protocol ?? "",
            User = declared?.User,
            Password = declared?.Password,
            Secret = declared?.Password is null ? declared?.Secret : null,
            TtlSeconds = TtlSeconds,
            Ways =
            [
                .. direct.Take(MostDirect).Select(p => new BrokerWay { How = "direct", Host = p.Host, Port = p.Port, Location = p.Location, State = Word(StateOf(p)) }),
                .. balancer.Stages.Routes.ContainsKey(Brokered.RouteOf(endpoint)) && places.Any(p => p.Mode != ReachMode.Direct) ? [through] : ReadOnlySpan<BrokerWay>.Empty,
            ],
        };
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> WatchAsync(string endpoint, string location, [EnumeratorCancellation] CancellationToken ct)
    {
        Interlocked.Increment(ref _watches);
        try
        {
            var told = "";
            while (!ct.IsCancellationRequested)
            {
                var changed = pulse.Next;
                var answer = JsonSerializer.Serialize(Tell(endpoint, location), RegistrarJson.Default.BrokerAnswer);
                if (answer != told) yield return Encoding.UTF8.GetBytes($"event: endpoint\ndata: {answer}\n\n");
                else yield return "event: alive\ndata:\n\n"u8.ToArray();
                told = answer;
                await changed.WaitAsync(AliveEvery, balancer.Keeper.Time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watches);
        }
    }

    private ApiAnswer Connect(ApiRequest request, string endpoint)
    {
        if (request.Upgrade != ThroughProtocol)
            return ApiAnswer.Refused(new(426, "upgrade-required", "This is where connections through the load-balancer are opened.", $"Send \"Connection: Upgrade\" and \"Upgrade: {ThroughProtocol}\"."));
        if (!balancer.Stages.Routes.TryGetValue(Brokered.RouteOf(endpoint), out var route) || !route.Pool.Serves)
            return ApiAnswer.Refused(new(503, "endpoint-down", $"No target of \"{endpoint}\" is up.", "Try again in a moment, or watch it."));
        return new ApiAnswer.Switch(ThroughProtocol, (client, early) => TunnelAsync(route.Pool, client, early));
    }

    private async Task TunnelAsync(TargetPool pool, Transport client, ReadOnlyMemory<byte> early)
    {
        var tried = new List<TargetSlot?>();
        while (pool.Take(new Draw((ulong)Random.Shared.NextInt64(), 0, 0), [.. tried]) is { } slot)
        {
            tried.Add(slot);
            try
            {
                using var target = await TryOpenAsync(slot).ConfigureAwait(false);
                if (target is null) continue;
                Interlocked.Increment(ref _tunnels);
                if (!early.IsEmpty) await target.SendAsync(early).ConfigureAwait(false);
                await Splice.RunAsync(client, target).ConfigureAwait(false);
                return;
            }
            finally
            {
                slot.End();
                pool.Freed();
            }
        }
        client.Abort();
    }

    private async ValueTask<Transport?> TryOpenAsync(TargetSlot slot)
    {
        var target = slot.Connector.Create();
        try
        {
            await target.OpenAsync().AsTask().WaitAsync(ConnectWithin, balancer.Keeper.Time).ConfigureAwait(false);
            return target;
        }
        catch (Exception lost) when (Loss.Is(lost) || lost is TimeoutException)
        {
            target.Dispose();
            slot.Blame("connecting: " + lost.InWords(), lost is SocketException { SocketErrorCode: SocketError.ConnectionRefused });
            return null;
        }
    }

    private static string Word(TargetState state) => state switch { TargetState.Up => "up", TargetState.Unknown => "unknown", _ => "down" };
}
