using System.Collections.Immutable;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// The answers kept for one route, bounded in bytes; the ones used longest ago go first. Outlives snapshots. One lock, held for a few look-ups: never
/// while anything is fetched or sent.
/// </summary>
internal sealed class CacheStore
{
    /// <summary>Answers for one address that differ by Vary; beyond that the oldest goes.</summary>
    private const int MostVariants = 16;

    /// <summary>Addresses known to give nothing to keep, for which requests need not queue behind one another; and for how long that is remembered.</summary>
    private const int MostPassing = 10_000;
    private const long PassMs = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<StoredAnswer>> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<StoredAnswer>>.AlternateLookup<ReadOnlySpan<char>> _look;
    private readonly LinkedList<StoredAnswer> _order = new();
    private readonly Dictionary<string, Flight> _flights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _passing = new(StringComparer.Ordinal);
    private long _bytes;
    private long _lastPurge;
    private long _era;

    public CacheStore() => _look = _byKey.GetAlternateLookup<ReadOnlySpan<char>>();

    public CacheRule Rule { get; private set; } = new();
    public CacheCounters Counters { get; } = new();

    /// <summary>Grows with everything that throws answers out for being wrong: what was asked for before that may be as wrong, see <see cref="Keep"/>.</summary>
    public long Era => Interlocked.Read(ref _era);

    public long Bytes => Interlocked.Read(ref _bytes);

    public int Count
    {
        get
        {
            lock (_gate) return _order.Count;
        }
    }

    public void Use(CacheRule rule)
    {
        lock (_gate)
        {
            Rule = rule;
            Shrink();
        }
    }

    /// <summary>The answer kept for a request, fresh or not.</summary>
    public StoredAnswer? Find(ReadOnlySpan<char> key, Fields request, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!_look.TryGetValue(key, out var variants)) return null;
            foreach (var answer in variants)
            {
                if (!answer.Variant.Matches(request, bytes)) continue;
                _order.Remove(answer.Place!);
                _order.AddFirst(answer.Place!);
                return answer;
            }
            return null;
        }
    }

    /// <param name="leads">The caller is to fetch, and must land the flight.</param>
    /// <returns>Null when there is nothing to wait for and nothing to gain from others waiting.</returns>
    public Flight? Join(string key, long nowMs, out bool leads)
    {
        leads = false;
        lock (_gate)
        {
            if (_flights.TryGetValue(key, out var flight)) return flight.TryJoin() ? flight : null;
            if (_passing.TryGetValue(key, out var until) && nowMs < until) return null;
            leads = true;
            _flights.Add(key, flight = new Flight(this, key));
            return flight;
        }
    }

    public void Forget(Flight flight)
    {
        lock (_gate)
        {
            if (_flights.TryGetValue(flight.Key, out var there) && there == flight) _flights.Remove(flight.Key);
        }
    }

    /// <summary>What this address gives is not kept: for a while its requests do not wait for one another.</summary>
    public void Pass(string key, long nowMs)
    {
        lock (_gate)
        {
            if (_passing.Count >= MostPassing) _passing.Clear();
            _passing[key] = nowMs + PassMs;
        }
    }

    /// <summary>Keeps an answer, in place of the one for the same requests.</summary>
    /// <param name="era">When it was asked for. An answer that was under way while others were thrown out is not kept: it may be the old one.</param>
    public void Keep(StoredAnswer answer, long era)
    {
        lock (_gate)
        {
            if (answer.Size > Rule.SizeBytes || era != _era) return;
            if (!_byKey.TryGetValue(answer.Key, out var variants)) _byKey.Add(answer.Key, variants = []);
            foreach (var same in variants.Where(v => v.Variant.IsSame(answer.Variant)).ToList()) Remove(same);
            if (variants.Count == MostVariants) Remove(variants[0]);
            // Removing the last one takes the list out.
            _byKey[answer.Key] = variants;
            variants.Add(answer);
            answer.Place = _order.AddFirst(answer);
            _bytes += answer.Size;
            _passing.Remove(answer.Key);
            Shrink();
        }
    }

    /// <summary>A request that changes things went by at this address (RFC 9111 §4.4).</summary>
    public void Invalidate(string key)
    {
        lock (_gate)
        {
            _era++;
            if (!_byKey.TryGetValue(key, out var variants)) return;
            foreach (var answer in variants.ToList()) Remove(answer);
        }
    }

    /// <summary>Carries out the purges it has not seen; those from before this process find nothing here.</summary>
    public void Purge(string route, ImmutableArray<CachePurge> purges)
    {
        lock (_gate)
        {
            // A controller whose store began anew counts from one again.
            if (purges.All(p => p.Number < _lastPurge)) _lastPurge = 0;
            foreach (var purge in purges.Where(p => p.Number > _lastPurge).OrderBy(p => p.Number))
            {
                _lastPurge = purge.Number;
                if (purge.Route.Length > 0 && purge.Route != route) continue;
                _era++;
                foreach (var answer in _order.Where(a => Hits(purge, a)).ToList()) Remove(answer);
            }
        }
    }

    private static bool Hits(CachePurge purge, StoredAnswer answer)
    {
        if (purge.Tag.Length > 0 && !answer.Tags.Contains(purge.Tag, StringComparer.Ordinal)) return false;
        if (purge.Path.Length == 0) return true;
        var path = CacheKey.Target(answer.Key);
        if (purge.Path.EndsWith('*')) return path.StartsWith(purge.Path.AsSpan(0, purge.Path.Length - 1), StringComparison.Ordinal);
        var query = path.IndexOf('?');
        return path.SequenceEqual(purge.Path) || (query >= 0 && path[..query].SequenceEqual(purge.Path));
    }

    private void Shrink()
    {
        while (_bytes > Rule.SizeBytes && _order.Last is { } last)
        {
            Remove(last.Value);
            Counters.Evicted();
        }
    }

    private void Remove(StoredAnswer answer)
    {
        var variants = _byKey[answer.Key];
        variants.Remove(answer);
        if (variants.Count == 0) _byKey.Remove(answer.Key);
        _order.Remove(answer.Place!);
        _bytes -= answer.Size;
    }
}
