using System.Text;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// Follows one fetch: asks the target whether what is kept still holds, keeps the answer if it may be kept, and serves what is kept when the
/// target says so (304) or fails (stale-if-error). Whoever waits for the fetch goes on when it ends.
/// </summary>
/// <param name="stale">What is kept and no longer fresh; null when there is nothing.</param>
/// <param name="flight">What others wait for; null when they do not.</param>
internal sealed class CacheWatcher(ClientConnection client, CacheStore store, string key, StoredAnswer? stale, Flight? flight, TimeKeeper keeper) : AnswerWatcher
{
    private static readonly byte[] Missed = Line("fwd=uri-miss");
    private static readonly byte[] MissedAndKept = Line("fwd=uri-miss; stored");
    private static readonly byte[] Replaced = Line("fwd=stale");
    private static readonly byte[] ReplacedAndKept = Line("fwd=stale; stored");
    private static readonly byte[] StillHolds = "hit; fwd=stale; fwd-status=304"u8.ToArray();
    private static readonly byte[] StaleOnError = "hit; fwd=stale; detail=stale-if-error"u8.ToArray();

    private readonly long _era = store.Era;
    private StoredAnswer? _reply;
    private byte[] _status = [];
    private List<byte>? _body;
    private Func<byte[], StoredAnswer>? _keep;
    private byte[]? _answerFields;

    // The target is asked for all of it, whatever part or version this client has; and about our copy, not the client's.
    public override ulong DroppedFields =>
        FieldIds.Bit(FieldId.IfNoneMatch) | FieldIds.Bit(FieldId.IfModifiedSince) | FieldIds.Bit(FieldId.IfRange) | FieldIds.Bit(FieldId.Range);

    public override ReadOnlySpan<byte> AddedFields => stale is null ? default : Validators(stale);

    public override ReadOnlySpan<byte> AnswerFields => _answerFields;

    public override bool Takes(ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        Drop();
        if (head.Status == 304 && stale is not null)
        {
            var life = Lifetime.OfValidated(head, bytes, stale);
            _reply = stale.Validated(head, bytes, life ?? stale.Life, keeper.NowMs);
            if (life is null) store.Invalidate(key);
            else store.Keep(_reply, _era);
            store.Counters.Count(CacheOutcome.Revalidated);
            _status = StillHolds;
            return true;
        }
        if (head.Status >= 500 && MayServeStale)
        {
            ServeStale();
            return true;
        }
        Follow(head, bytes);
        return false;
    }

    public override ValueTask AnswerAsync(ClientConnection client) => CachedReply.SendAsync(client, _reply!, keeper.NowMs, _status);

    public override void Body(ReadOnlySpan<byte> piece)
    {
        if (_body is null) return;
        if (_body.Count + piece.Length <= store.Rule.LargestBytes) _body.AddRange(piece);
        else GiveUp();
    }

    public override void End(bool whole)
    {
        if (whole && _body is not null && _keep is not null) store.Keep(_keep([.. _body]), _era);
        flight?.Land();
    }

    public override async ValueTask<bool> TryRescueAsync(ClientConnection client, int status)
    {
        if (!MayServeStale) return false;
        ServeStale();
        await AnswerAsync(client).ConfigureAwait(false);
        return true;
    }

    private bool MayServeStale => stale is not null && stale.Life.MayServeIfError(stale.AgeAt(keeper.NowMs));

    private void ServeStale()
    {
        _reply = stale;
        _status = StaleOnError;
        store.Counters.Count(CacheOutcome.Stale);
    }

    /// <summary>Begins to keep the answer if it may be kept, and tells the client so.</summary>
    private void Follow(ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        store.Counters.Count(CacheOutcome.Miss);
        var request = client.Exchange.Head;
        if (Lifetime.Of(head, bytes, store.Rule) is { } life
            && head.ContentLength <= store.Rule.LargestBytes
            && Variant.Of(head.Fields, bytes, request.Fields, client.HeadBytes) is { } variant)
        {
            var kept = StoredAnswer.Of(key, variant, life, keeper.NowMs, head, bytes, client.Stages.Date, []);
            _body = [];
            _keep = kept.With;
        }
        // A failure tells nothing of what comes when it is over.
        else if (head.Status < 500)
        {
            GiveUp();
        }
        _answerFields = (stale is null, _body is null) switch
        {
            (true, true) => Missed,
            (true, false) => MissedAndKept,
            (false, true) => Replaced,
            _ => ReplacedAndKept,
        };
    }

    private void Drop()
    {
        _body = null;
        _keep = null;
        _reply = null;
    }

    /// <summary>It will not be kept: whoever waits for it need not wait until it ends, nor who comes in the next time.</summary>
    private void GiveUp()
    {
        Drop();
        store.Pass(key, keeper.NowMs);
        flight?.Land();
    }

    private static byte[] Validators(StoredAnswer kept)
    {
        var to = new List<byte>();
        if (kept.EntityTag.Length > 0) to.AddRange([.. "If-None-Match: "u8, .. kept.EntityTag, .. "\r\n"u8]);
        if (kept.LastModified.Length > 0) to.AddRange([.. "If-Modified-Since: "u8, .. kept.LastModified, .. "\r\n"u8]);
        return [.. to];
    }

    private static byte[] Line(string status) => Encoding.ASCII.GetBytes($"Cache-Status: OpenCluster; {status}\r\n");
}

/// <summary>A request that changes things at an address whose answers are kept: when it succeeds they are thrown away (RFC 9111 §4.4).</summary>
internal sealed class InvalidatingWatcher(CacheStore store, string key) : AnswerWatcher
{
    public override bool Takes(ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        if (head.Status is >= 200 and < 400) store.Invalidate(key);
        return false;
    }
}
