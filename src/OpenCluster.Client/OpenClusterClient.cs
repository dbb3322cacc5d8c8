using System.Text.Json;

namespace OpenCluster.Client;

/// <summary>An app's way to the load-balancers of its cluster. Safe for many threads; keep one.</summary>
public sealed class OpenClusterClient : IDisposable
{
    private readonly Balancers _balancers;
    private readonly TimeProvider _time;

    /// <param name="token">From <c>opencluster token create NAME --app</c>.</param>
    /// <param name="balancers">Load-balancers' registration listeners; one is enough, it tells of the others.</param>
    public OpenClusterClient(string token, params Uri[] balancers) : this(token, null, TimeProvider.System, balancers) { }

    /// <param name="key">The key of a dynamic route; null without one.</param>
    public OpenClusterClient(string token, string? key, TimeProvider time, params Uri[] balancers)
    {
        _balancers = new Balancers(token, key, balancers);
        _time = time;
    }

    /// <summary>
    /// For an app that runs in a cluster, as a service with <c>registers</c> or <c>connects-to</c>: by the token in OPENCLUSTER_TOKEN_FILE, with
    /// the load-balancers in OPENCLUSTER_REGISTRARS.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are not there; the message says what to do.</exception>
    public static OpenClusterClient FromEnvironment()
    {
        var file = Environment.GetEnvironmentVariable("OPENCLUSTER_TOKEN_FILE");
        var registrars = Environment.GetEnvironmentVariable("OPENCLUSTER_REGISTRARS");
        return string.IsNullOrEmpty(file) || string.IsNullOrEmpty(registrars)
            ? throw new InvalidOperationException("OPENCLUSTER_TOKEN_FILE or OPENCLUSTER_REGISTRARS is not set: give the service \"registers: ROUTE\" or \"connects-to: [ENDPOINT]\" in the cluster file, or name token and load-balancers yourself.")
            : new OpenClusterClient(File.ReadAllText(file).Trim(), [.. registrars.Split(',').Select(r => new Uri(r))]);
    }

    /// <summary>Registers the app, and keeps it registered until the result is disposed.</summary>
    /// <exception cref="RefusedException">It may not be registered so.</exception>
    /// <exception cref="HttpRequestException">No load-balancer can be reached.</exception>
    public async Task<Registered> RegisterAsync(AppRegistration app, CancellationToken ct = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(app, ClientJson.Default.AppRegistration);
        var first = await Registered.RegisterAsync(_balancers, body, ct).ConfigureAwait(false);
        return new Registered(_balancers, app, body, first, _time);
    }

    /// <summary>How to connect to an endpoint, now.</summary>
    /// <param name="location">Where this app is; null for where the load-balancer is.</param>
    /// <exception cref="RefusedException">Nobody offers it, or the token may not ask.</exception>
    public async Task<EndpointAnswer> FindAsync(string endpoint, string? location = null, CancellationToken ct = default) =>
        await _balancers.AskAsync(HttpMethod.Get, Broker.PathOf(endpoint, location, watch: false), default, ClientJson.Default.EndpointAnswer, ct).ConfigureAwait(false)
            ?? throw new HttpRequestException("The load-balancer's answer was empty.");

    /// <summary>The same, now and at each change, for as long as it is read; with another load-balancer when one dies.</summary>
    public IAsyncEnumerable<EndpointAnswer> WatchAsync(string endpoint, string? location = null, CancellationToken ct = default) => Broker.WatchAsync(_balancers, endpoint, location, _time, ct);

    /// <summary>A connection to an endpoint, ready to be spoken on: direct where that works, else through a load-balancer.</summary>
    /// <exception cref="IOException">No way works.</exception>
    public async Task<Stream> ConnectAsync(string endpoint, string? location = null, CancellationToken ct = default) =>
        await Broker.ConnectAsync(_balancers, await FindAsync(endpoint, location, ct).ConfigureAwait(false), ct).ConfigureAwait(false);

    public void Dispose() => _balancers.Dispose();
}
