using System.Collections.Concurrent;
using System.Collections.Immutable;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Registration;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>
/// The balancers of the cluster as this one sees them: a link to each that the snapshot lists, who has been heard lately, which apps are
/// connected to whom, and who checks which target.
/// </summary>
internal sealed class PeerSet : ICheckSharing, IAsyncDisposable
{
    /// <summary>A peer not heard for so long does no checks for us: others take over.</summary>
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(2);

    private readonly Balancer _balancer;
    private readonly LeaseStore _leases;
    private readonly ReverseLines _lines;
    private readonly PeerIdentity _identity;
    private readonly Lock _linksGate = new();
    private readonly Dictionary<string, PeerLink> _links = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Heard> _heard = new(StringComparer.Ordinal);
    private ImmutableArray<Peer> _peers = [];
    private ImmutableArray<string> _present;

    public PeerSet(Balancer balancer, LeaseStore leases, ReverseLines lines, PeerIdentity identity)
    {
        _balancer = balancer;
        _leases = leases;
        _lines = lines;
        _identity = identity;
        _present = [];
        leases.Changed += isNew =>
        {
            if (isNew) Wake();
        };
    }

    private sealed record Heard(DateTimeOffset At, ImmutableHashSet<string> Lines, int InFlight);

    private string Self => _balancer.Snapshot?.Balancer ?? "";

    /// <summary>A peer's view for people and metrics.</summary>
    public ImmutableArray<(Peer Peer, bool IsPresent, int InFlight, string? Trouble)> Views
    {
        get
        {
            lock (_linksGate)
            {
                return [.. _links.Values.OrderBy(l => l.Peer.Balancer, StringComparer.Ordinal).Select(l => (l.Peer, _present.Contains(l.Peer.Balancer), _heard.GetValueOrDefault(l.Peer.Balancer)?.InFlight ?? 0, l.Trouble))];
            }
        }
    }

    /// <summary>Peers by name, for forgetting others.</summary>
    public IReadOnlySet<string> Names => _peers.Select(p => p.Balancer).ToHashSet(StringComparer.Ordinal);

    /// <summary>The peer that a certificate belongs to, by the snapshot in use.</summary>
    public Peer? ByFingerprint(string fingerprint) => _peers.FirstOrDefault(p => p.Fingerprint == fingerprint);

    /// <summary>Makes links to the peers of the snapshot, and looks who is there. Called once a second and after each snapshot.</summary>
    public async Task LookAsync()
    {
        var self = Self;
        var wanted = _balancer.Snapshot?.Peers.Where(p => p.Balancer != self).ToImmutableArray() ?? [];
        List<PeerLink> gone;
        lock (_linksGate)
        {
            _peers = wanted;
            gone = [.. _links.Values.Where(l => !wanted.Any(p => IsSame(p, l.Peer)))];
            foreach (var link in gone) _links.Remove(link.Peer.Balancer);
            foreach (var peer in wanted.Where(p => !_links.ContainsKey(p.Balancer)))
                _links.Add(peer.Balancer, new PeerLink(peer, this, _identity, _balancer.Keeper.Time));
        }
        var now = _balancer.Keeper.Now;
        _present = [.. _heard.Where(h => now - h.Value.At <= SilentAfter && wanted.Any(p => p.Balancer == h.Key)).Select(h => h.Key)];
        foreach (var link in gone) await link.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Makes the links, and completes when each peer has told what it knows or could not be asked.</summary>
    public async Task FirstTalksAsync()
    {
        await LookAsync().ConfigureAwait(false);
        Task[] talks;
        lock (_linksGate) talks = [.. _links.Values.Select(l => l.FirstTalk)];
        await Task.WhenAll(talks).ConfigureAwait(false);
    }

    public PeerMessage MessageTo(string peer) => _leases.Tell(peer) with
    {
        Lines = [.. _lines.Ids],
        InFlight = _balancer.Targets.Slots.Sum(s => s.InFlight),
    };

    public void Hear(PeerMessage message)
    {
        var isNew = !_present.Contains(message.From);
        _heard[message.From] = new Heard(_balancer.Keeper.Now, [.. message.Lines], message.InFlight);
        if (isNew) _present = [.. _present, message.From];
        var found = _leases.Hear(message);
        if (found.IsEmpty) return;
        var slots = _balancer.Targets.Slots.ToLookup(KeyOf, StringComparer.Ordinal);
        foreach (var opinion in found)
            foreach (var slot in slots[opinion.Target].Where(s => s.Health.State == TargetState.Up != opinion.Up)) slot.WantCheck();
    }

    public bool IsAnothers(TargetSlot slot)
    {
        var present = _present;
        if (present.IsEmpty) return false;
        var target = KeyOf(slot);
        var self = Self;
        var onDuty = CheckDuty.Of(target, present.Add(self));
        return onDuty != self && _leases.OpinionOf(onDuty, target) is { } up && up == (slot.Health.State == TargetState.Up);
    }

    public void Checked(TargetSlot slot)
    {
        // Ejected for failing requests says nothing of what a check finds.
        if (slot.Health.State is TargetState.Up or TargetState.Down) _leases.Found(new TargetOpinion(KeyOf(slot), slot.Health.State == TargetState.Up));
    }

    /// <summary>A way to an app by a peer it is connected to; null when there is none.</summary>
    public Transport? RelayTo(string registration)
    {
        var self = Self;
        foreach (var (name, heard) in _heard)
            if (name != self && heard.Lines.Contains(registration) && _present.Contains(name) && _peers.FirstOrDefault(p => p.Balancer == name) is { } peer)
                return new PeerRelay(peer, registration, _identity);
        return null;
    }

    public static string KeyOf(TargetSlot slot) => TargetOpinion.NameOf(slot.Key.Id, slot.Key.Address, slot.Key.Port);

    public async ValueTask DisposeAsync()
    {
        PeerLink[] links;
        lock (_linksGate)
        {
            links = [.. _links.Values];
            _links.Clear();
        }
        foreach (var link in links) await link.DisposeAsync().ConfigureAwait(false);
    }

    private void Wake()
    {
        lock (_linksGate)
        {
            foreach (var link in _links.Values) link.Wake();
        }
    }

    private static bool IsSame(Peer a, Peer b) => a.Balancer == b.Balancer && a.Address == b.Address && a.Port == b.Port && a.Fingerprint == b.Fingerprint;
}
