using System.Text;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// Answers from what is kept, or sees to it that it is fetched once:
/// 1. Requests that are not for a cache pass. 2. What is kept and fresh is served. 3. What is stale and may be served while a new one is fetched
/// is served, and fetched. 4. Otherwise the first one fetches (<see cref="CacheWatcher"/>); who comes meanwhile waits for it and looks again.
/// </summary>
internal sealed class CacheStep(CacheStore store, TimeKeeper keeper) : RouteStep
{
    /// <summary>Fetches of others that one request waits for, before it goes itself.</summary>
    private const int MostWaits = 3;

    private static readonly byte[] Hit = "hit"u8.ToArray();
    private static readonly byte[] HitStale = "hit; fwd=stale; detail=stale-while-revalidate"u8.ToArray();
    private static readonly byte[] HitCollapsed = "hit; collapsed"u8.ToArray();

    public override ValueTask<bool> TryAnswerAsync(ClientConnection client) => LookAsync(client, waits: 0);

    private ValueTask<bool> LookAsync(ClientConnection client, int waits)
    {
        var exchange = client.Exchange;
        var head = exchange.Head;
        var bytes = client.HeadBytes;
        Span<char> key = stackalloc char[CacheKey.Longest];
        if (!CacheKey.TryWrite(client, ref key)) return Bypass();
        if (head.Method is not (RequestMethod.Get or RequestMethod.Head))
        {
            if (head.Method is not (RequestMethod.Options or RequestMethod.Trace)) exchange.Watcher = new InvalidatingWatcher(store, new string(key));
            return Bypass();
        }
        var asked = CacheControl.Of(head.Fields, bytes);
        if (asked.NoStore || head.Body != BodyKind.None || head.Upgrades || IsPersonal(client)) return Bypass();

        var now = keeper.NowMs;
        var kept = store.Find(key, head.Fields, bytes);
        var refreshes = client.Facts.Refreshes;
        if (kept is not null && refreshes is null && !asked.NoCache)
        {
            var age = kept.AgeAt(now);
            var isYoungEnough = asked.MaxAge < 0 || age <= asked.MaxAge * 1000;
            if (kept.Life.IsFresh(age) && isYoungEnough) return ServeAsync(client, kept, waits > 0 ? CacheOutcome.Collapsed : CacheOutcome.Hit, waits > 0 ? HitCollapsed : Hit);
            if (kept.Life.MayServeWhileRevalidating(age) && isYoungEnough)
            {
                // Only a request for all of it brings something to keep.
                if (IsWhole(head) && store.Join(new string(key), now, out var fetches) is { } ours && fetches) Refresh.Start(client, ours);
                return ServeAsync(client, kept, CacheOutcome.Stale, HitStale);
            }
        }
        if (asked.OnlyIfCached) return RefuseAsync(client);
        // A part cannot be kept, and a large file is not fetched whole for the sake of a part; HEAD brings nothing to keep.
        if (!IsWhole(head)) return Bypass();

        var name = new string(key);
        var leads = true;
        var flight = refreshes ?? (waits < MostWaits ? store.Join(name, now, out leads) : null);
        if (flight is not null && !leads) return WaitAsync(client, flight, waits);
        exchange.Watcher = new CacheWatcher(client, store, name, kept is { CanBeAsked: true } || kept?.Life.MayServeIfError(kept.AgeAt(now)) == true ? kept : null, flight, keeper);
        return new(false);
    }

    private static bool IsWhole(RequestHead head) => head.Method == RequestMethod.Get && !head.Fields.Has(FieldId.Range);

    /// <summary>
    /// What a client authenticates for is its own (RFC 9111 §3.5); the exceptions the RFC knows are not worth a mistake. A certificate counts as much:
    /// the instance is told of it, and no Vary can name it.
    /// </summary>
    private static bool IsPersonal(ClientConnection client)
    {
        if (client.Facts.Certificate is not null) return true;
        foreach (ref readonly var line in client.Exchange.Head.Fields.Lines)
            if (line.NameLength == 13 && Ascii.EqualsIgnoreCase(client.HeadBytes.Slice(line.NameStart, 13), "authorization"u8)) return true;
        return false;
    }

    private ValueTask<bool> Bypass()
    {
        store.Counters.Count(CacheOutcome.Bypass);
        return new(false);
    }

    private async ValueTask<bool> ServeAsync(ClientConnection client, StoredAnswer kept, CacheOutcome outcome, byte[] status)
    {
        store.Counters.Count(outcome);
        await CachedReply.SendAsync(client, kept, keeper.NowMs, status).ConfigureAwait(false);
        return true;
    }

    private async ValueTask<bool> WaitAsync(ClientConnection client, Flight flight, int waits)
    {
        // As long as the route lets any answer take; then it asks for itself.
        var rules = client.Exchange.Route!.Rules;
        await flight.Landed.WaitAsync(rules.Timeout, keeper.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await LookAsync(client, waits + 1).ConfigureAwait(false);
    }

    private static async ValueTask<bool> RefuseAsync(ClientConnection client)
    {
        await LocalAnswer.SendAsync(client, 504, "only-if-cached, and it is not").ConfigureAwait(false);
        return true;
    }
}
