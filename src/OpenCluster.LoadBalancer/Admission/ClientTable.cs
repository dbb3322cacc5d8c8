using OpenCluster.Decisions.Admission;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>
/// What is remembered of clients for their limits: at most <see cref="Places"/> of them, in 1.3 MiB, for all routes together. When a place is
/// needed, the client goes that has nothing under way and has paid for longest; so who is being limited is remembered, and a flood from ever new
/// addresses, which no memory could hold, is left to the route's own limits.
/// </summary>
internal sealed class ClientTable
{
    public const int Places = Sets * Ways;
    private const int Sets = 8192;
    private const int Ways = 8;
    private const int Locks = 64;

    private readonly ulong[] _keys = new ulong[Places];
    private readonly long[] _paidAt = new long[Places];
    private readonly int[] _atOnce = new int[Places];
    private readonly Lock[] _gates = [.. Enumerable.Range(0, Locks).Select(_ => new Lock())];

    /// <param name="key">Stands for a client at a route; not 0.</param>
    /// <param name="atOnce">Requests at one time; 0 for no limit.</param>
    public Refusal TryEnter(ulong key, Rate rate, int atOnce, long now)
    {
        lock (_gates[key % Locks])
        {
            var place = Find(key);
            if (place < 0)
            {
                place = Idle(key);
                // Every place of its set has requests under way: rather serve one too many than refuse one who did nothing.
                if (place < 0) return Refusal.None;
                (_keys[place], _paidAt[place], _atOnce[place]) = (key, 0, 0);
            }
            if (atOnce > 0 && _atOnce[place] >= atOnce) return Refusal.ClientAtOnce;
            if (!rate.TryTake(ref _paidAt[place], now)) return Refusal.ClientRate;
            if (atOnce > 0) _atOnce[place]++;
            return Refusal.None;
        }
    }

    /// <summary>A request of a client, let in with a bound on how many at one time, is over.</summary>
    public void Leave(ulong key)
    {
        lock (_gates[key % Locks])
        {
            var place = Find(key);
            if (place >= 0 && _atOnce[place] > 0) _atOnce[place]--;
        }
    }

    // Locks go by key % 64 and sets by key % 8192, so all that meet in a set share its lock.
    private int Find(ulong key)
    {
        var first = (int)(key % Sets) * Ways;
        var found = _keys.AsSpan(first, Ways).IndexOf(key);
        return found < 0 ? -1 : first + found;
    }

    private int Idle(ulong key)
    {
        var first = (int)(key % Sets) * Ways;
        var idle = -1;
        for (var place = first; place < first + Ways; place++)
        {
            if (_keys[place] == 0) return place;
            if (_atOnce[place] == 0 && (idle < 0 || _paidAt[place] < _paidAt[idle])) idle = place;
        }
        return idle;
    }
}
