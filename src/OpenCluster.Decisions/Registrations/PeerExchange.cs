using System.Collections.Immutable;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// One balancer's side of the talk with its peers, without network or clock: the book of leases, what it found of targets, and how far each
/// peer has heard. News of one peer is passed on to the others, so two that cannot reach each other hear through a third. Owned by one
/// thread at a time; the same object is what simulations run.
/// </summary>
public sealed class PeerExchange(string self, long incarnation)
{
    /// <summary>Leases, and opinions, of one message; what is left over comes with the next, at once.</summary>
    public const int MostPerMessage = 500;

    private readonly ChangeLog<RegistrationLease> _leases = new();
    private readonly ChangeLog<TargetOpinion> _opinions = new();
    private readonly Dictionary<string, Cursor> _peers = new(StringComparer.Ordinal);
    private long _number;

    public RegistrationBook Book { get; private set; } = RegistrationBook.Empty;

    /// <summary>Number of the last change.</summary>
    public long LastChange => _number;

    /// <summary>Keeps a lease made, renewed or ended here.</summary>
    /// <returns>Whether who is registered changed, and not only until when.</returns>
    public bool Keep(RegistrationLease lease) => Take(lease);

    /// <summary>Keeps what a check of our own found; told only when it is another finding than before.</summary>
    public void Keep(TargetOpinion opinion)
    {
        if (!_opinions.TryGet(opinion.Target, out var before) || before != opinion) _opinions.Set(opinion.Target, opinion, ++_number);
    }

    /// <summary>Forgets what is over, and what was found of targets that are gone.</summary>
    public void Trim(DateTimeOffset now, Func<string, bool> isTarget)
    {
        var trimmed = Book.Trim(now);
        if (!ReferenceEquals(trimmed, Book))
            foreach (var id in _leases.Keys.Where(id => trimmed.Find(id) is null).ToList()) _leases.Forget(id);
        Book = trimmed;
        foreach (var gone in _opinions.Keys.Where(t => !isTarget(t)).ToList()) _opinions.Forget(gone);
    }

    /// <summary>Everything the peer has not heard, as far as we know.</summary>
    public PeerMessage Tell(string peer, DateTimeOffset now)
    {
        var cursor = CursorOf(peer);
        var leases = _leases.After(cursor.Told, MostPerMessage);
        var opinions = _opinions.After(cursor.Told, MostPerMessage);
        return new PeerMessage
        {
            From = self,
            Incarnation = incarnation,
            After = cursor.Told,
            UpTo = leases.Values.Length < MostPerMessage && opinions.Values.Length < MostPerMessage ? _number : Math.Min(FullTo(leases), FullTo(opinions)),
            HeardIncarnation = cursor.Incarnation,
            Heard = cursor.Heard,
            Leases = [.. leases.Values.Select(l => new PeerLease(l, (long)(l.Until - now).TotalMilliseconds))],
            Opinions = opinions.Values,
        };

        // A log that was told whole sets no limit.
        long FullTo<T>(ChangeLog<T>.Portion portion) => portion.Values.Length < MostPerMessage ? _number : portion.UpTo;
    }

    /// <summary>Whether the peer lacks something that we have.</summary>
    public bool IsBehind(string peer) => CursorOf(peer).Told < _number;

    /// <summary>Takes in what a peer said, question or answer.</summary>
    /// <returns>Whether who is registered changed; and the targets of which the peer found something new.</returns>
    public (bool IsNew, ImmutableArray<TargetOpinion> Found) Hear(PeerMessage message, DateTimeOffset now)
    {
        var cursor = CursorOf(message.From);
        if (cursor.Incarnation != message.Incarnation)
        {
            cursor.Incarnation = message.Incarnation;
            cursor.Heard = 0;
            cursor.Opinions.Clear();
        }
        // What it told before may have been told to our process before this one, or be lost: then we have not heard it, and say so.
        if (message.After <= cursor.Heard) cursor.Heard = Math.Max(cursor.Heard, message.UpTo);
        // A peer that has started anew has heard nothing; what it says it heard of an earlier life of ours is nothing either.
        cursor.Told = message.HeardIncarnation == incarnation ? message.Heard : 0;

        var isNew = false;
        foreach (var told in message.Leases)
            isNew |= Take(told.Lease with { Until = now + TimeSpan.FromMilliseconds(Math.Clamp(told.LeftMilliseconds, -60_000, 3_700_000)) });
        foreach (var opinion in message.Opinions)
        {
            if (cursor.Opinions.Count >= RegistrationBook.MostKept && !cursor.Opinions.ContainsKey(opinion.Target)) cursor.Opinions.Clear();
            cursor.Opinions[opinion.Target] = opinion.Up;
        }
        return (isNew, message.Opinions);
    }

    /// <summary>What a peer last found of a target; null when it has not said.</summary>
    public bool? OpinionOf(string peer, string target) =>
        _peers.TryGetValue(peer, out var cursor) && cursor.Opinions.TryGetValue(target, out var up) ? up : null;

    /// <summary>What any peer last found of a target, good news first; null when none has said anything.</summary>
    public bool? OpinionOf(string target)
    {
        bool? found = null;
        foreach (var cursor in _peers.Values)
            if (cursor.Opinions.TryGetValue(target, out var up)) found = up || found == true;
        return found;
    }

    /// <summary>Forgets peers that are none any more.</summary>
    public void Only(IReadOnlySet<string> peers)
    {
        foreach (var gone in _peers.Keys.Where(p => !peers.Contains(p)).ToList()) _peers.Remove(gone);
    }

    private bool Take(RegistrationLease lease)
    {
        var before = Book.Find(lease.Id);
        var book = Book.With(lease);
        if (ReferenceEquals(book, Book)) return false;
        Book = book;
        // The same stamp with a little more time left is the same news heard again: passed on, it would go round for ever.
        if (before is not null && before.Stamp == lease.Stamp) return false;
        _leases.Set(lease.Id, lease, ++_number);
        return before?.Registration?.Secret != lease.Registration?.Secret;
    }

    private Cursor CursorOf(string peer)
    {
        if (!_peers.TryGetValue(peer, out var cursor)) _peers.Add(peer, cursor = new Cursor());
        return cursor;
    }

    private sealed class Cursor
    {
        public long Incarnation;
        /// <summary>What we have heard of it.</summary>
        public long Heard;
        /// <summary>What it has heard of us.</summary>
        public long Told;
        public readonly Dictionary<string, bool> Opinions = new(StringComparer.Ordinal);
    }
}
