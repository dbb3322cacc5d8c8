using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Decisions.Registrations;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// The leases of this process and its talk with peers about them, for many threads: one <see cref="PeerExchange"/> behind a lock. What anything
/// means is decided there.
/// </summary>
internal sealed class LeaseStore
{
    private readonly Lock _gate = new();
    private readonly Func<DateTimeOffset> _now;
    private readonly PeerExchange _exchange;
    private RegistrationBook _book = RegistrationBook.Empty;

    public LeaseStore(string self, Func<DateTimeOffset> now, IEnumerable<RegistrationLease> kept)
    {
        _now = now;
        _exchange = new PeerExchange(self, RandomNumberGenerator.GetInt32(1, int.MaxValue));
        foreach (var lease in kept) _exchange.Keep(lease);
        _book = _exchange.Book;
    }

    /// <summary>Raised outside the lock after a change; true when who is registered changed and not only until when.</summary>
    public event Action<bool>? Changed;

    public RegistrationBook Book => Volatile.Read(ref _book);

    public ImmutableArray<Model.Balancing.Registration> Live => [.. Book.Live(_now())];

    /// <summary>Decides on the newest book and keeps what comes of it.</summary>
    public RegistrarAnswer Decide(Func<RegistrationBook, DateTimeOffset, RegistrarAnswer> decide)
    {
        RegistrarAnswer answer;
        bool isNew;
        lock (_gate)
        {
            answer = decide(_exchange.Book, _now());
            if (answer.Lease is not { } lease) return answer;
            isNew = _exchange.Keep(lease);
            Volatile.Write(ref _book, _exchange.Book);
        }
        Changed?.Invoke(isNew);
        return answer;
    }

    public PeerMessage Tell(string peer)
    {
        lock (_gate) return _exchange.Tell(peer, _now());
    }

    /// <summary>The targets of which the peer found something new.</summary>
    public ImmutableArray<TargetOpinion> Hear(PeerMessage message)
    {
        bool isNew;
        long before, after;
        ImmutableArray<TargetOpinion> found;
        lock (_gate)
        {
            before = _exchange.LastChange;
            (isNew, found) = _exchange.Hear(message, _now());
            after = _exchange.LastChange;
            Volatile.Write(ref _book, _exchange.Book);
        }
        if (after != before) Changed?.Invoke(isNew);
        return found;
    }

    public bool IsBehind(string peer)
    {
        lock (_gate) return _exchange.IsBehind(peer);
    }

    public void Found(TargetOpinion opinion)
    {
        lock (_gate) _exchange.Keep(opinion);
    }

    public bool? OpinionOf(string peer, string target)
    {
        lock (_gate) return _exchange.OpinionOf(peer, target);
    }

    public bool? OpinionOf(string target)
    {
        lock (_gate) return _exchange.OpinionOf(target);
    }

    /// <summary>Forgets what is over, targets that are gone, and peers that are none any more.</summary>
    public void Trim(Func<string, bool> isTarget, IReadOnlySet<string> peers)
    {
        lock (_gate)
        {
            _exchange.Trim(_now(), isTarget);
            _exchange.Only(peers);
            Volatile.Write(ref _book, _exchange.Book);
        }
    }
}
