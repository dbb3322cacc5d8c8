using System.Net;
using System.Text.Json;
using OpenCluster.LoadBalancer.Broker;
using OpenCluster.LoadBalancer.OwnApi;
using OpenCluster.LoadBalancer.Peers;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// What makes a balancer a registrar, a broker and a peer, composed and kept alive with it. Made before the balancer has a snapshot; ends
/// before it drains, so that apps and peers turn to others at once.
/// </summary>
internal sealed class RegistrarHost : IAsyncDisposable
{
    /// <summary>Conflicts told to the controller in one report.</summary>
    private const int MostConflicts = 20;

    private readonly Balancer _balancer;
    private readonly PeerIdentity _identity;
    private readonly PeerListener _listener;
    private readonly AppReport _apps;

    private RegistrarHost(Balancer balancer, LoadBalancerOptions options, Action<string> note)
    {
        _balancer = balancer;
        Registrar = new Registrar(balancer, options.InstanceId, options.Directory, note);
        _identity = PeerIdentity.In(options.Directory, balancer.Keeper.Time, note);
        Peers = new PeerSet(balancer, Registrar.Store, Lines, _identity);
        _listener = PeerListener.Bind(IPAddress.Parse(options.MetricsAddress), options.Directory, _identity, Peers.ByFingerprint, peer => new PeerApi(peer, Peers, Lines), balancer.Keeper);
        _apps = new AppReport(Registrar.Store, balancer.Keeper);
        Broker = new BrokerApi(balancer, Registrar.Store, _pulse);
        Api = new RegistrarApi(balancer, Registrar, Lines, Broker);

        Registrar.Peers = () => Peers.Names;
        Registrar.Look = async () =>
        {
            var live = Registrar.Store.Live.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
            Lines.Sweep(live.Contains);
            await Peers.LookAsync().ConfigureAwait(false);
        };
        balancer.Moved += _pulse.Beat;
        balancer.Targets.Sharing = Peers;
        balancer.Targets.Reverse = id => new ReverseConnector(id, Lines, Peers.RelayTo);
        balancer.Completed = Completed;
        balancer.MoreMetrics = text => RegistrarMetrics.Write(text, this);
        balancer.Pages["/registrations"] = () => JsonSerializer.Serialize(Api.All(), RegistrarJson.Default.ImmutableArrayRegistrationView);
        balancer.Stages.BeginOwn = (transport, from) => new ApiConnection(transport, from, Api, balancer.Keeper, isDraining: () => balancer.Stages.IsDraining);
    }

    private readonly Pulse _pulse = new();

    public Registrar Registrar { get; }
    public ReverseLines Lines { get; } = new();
    public PeerSet Peers { get; }
    public BrokerApi Broker { get; }
    public RegistrarApi Api { get; }
    public PeerAddress Address => new(_listener.Port, _identity.Fingerprint);

    /// <summary>Connections that were refused because they showed no certificate of a peer.</summary>
    public long StrangersRefused => _listener.Refused;

    /// <exception cref="Listening.ListenException">No port can be had for peers.</exception>
    public static RegistrarHost Start(Balancer balancer, LoadBalancerOptions options, Action<string> note)
    {
        var host = new RegistrarHost(balancer, options, note);
        host._listener.Start();
        return host;
    }

    /// <summary>
    /// Asks the peers what was registered while this process was away, so that nothing is served from leases that are too old, or without those
    /// made since.
    /// </summary>
    /// <param name="limit">For peers that do not answer.</param>
    public async Task FirstNewsAsync(TimeSpan limit, CancellationToken ct)
    {
        await Peers.FirstTalksAsync().WaitAsync(limit, _balancer.Keeper.Time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        await Registrar.SettledAsync(ct).ConfigureAwait(false);
    }

    /// <param name="handedOver">A successor has the listeners and the directory.</param>
    public async Task EndAsync(bool handedOver)
    {
        _balancer.Targets.Sharing = null;
        _listener.Dispose();
        await Registrar.EndAsync(handedOver).ConfigureAwait(false);
        await Peers.DisposeAsync().ConfigureAwait(false);
        Lines.CloseAll();
    }

    public async ValueTask DisposeAsync()
    {
        await Peers.DisposeAsync().ConfigureAwait(false);
        await Registrar.DisposeAsync().ConfigureAwait(false);
        _listener.Dispose();
        _identity.Dispose();
    }

    private BalancerReport Completed(BalancerReport report) => report with
    {
        Peer = Address,
        Registrations = Registrar.Store.Live.Length,
        Apps = _apps.Next(),
        Conflicts = [.. Registrar.Conflicts.Take(MostConflicts).Select(c => c.InWords)],
    };
}
