using System.Runtime.CompilerServices;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// Serves one request: route, body, target, answer; one object per client connection.
/// 1. Route it, or answer 404. 2. Ask the route's steps, any of which may answer. 3. Read a small body whole. 4. Choose a target, or wait
/// for one. 5. Try it (<see cref="Attempt"/>). 6. When that gave nothing the client has seen and trying again is safe, go on at 4 with another
/// target. 7. Count and log.
/// </summary>
internal sealed class Forwarder(ClientConnection client, Stages stages)
{
    private readonly Exchange _exchange = client.Exchange;
    private readonly RequestBody _body = new(client);
    private Attempt? _attempt;
    private Func<bool>? _mayHoldBack;
    private TargetPool? _pool;

    // The slots that answered 5xx before the current try: blamed only when another target does better.
    private TargetSlot? _answeredBadly;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ServeAsync()
    {
        _exchange.Begin(stages.Time.GetTimestamp());
        _exchange.Close = !_exchange.Head.KeepAlive || stages.IsDraining;
        _answeredBadly = null;
        try
        {
            var hit = stages.Table.Find(_exchange.Head.Host(client.HeadBytes), _exchange.Head.Path(client.HeadBytes));
            if (hit.Route is null)
            {
                _exchange.Close |= _exchange.Head.Body != BodyKind.None;
                await LocalAnswer.SendAsync(client, 404, "no route for this host and path").ConfigureAwait(false);
                return;
            }
            _exchange.Route = hit.Route;
            _exchange.StripLength = hit.StripLength;
            hit.Route.Pool.Budget.Earn();

            var body = _body.Begin(_exchange.Head, hit.Route.Rules.MaxBodyBytes);
            _exchange.IsBodyRead = _body.IsRead;
            if (body == BodyState.Fine)
            {
                foreach (var step in hit.Route.Steps)
                    if (await step.TryAnswerAsync(client).ConfigureAwait(false)) return;
                body = await _body.CollectAsync().ConfigureAwait(false);
                _exchange.IsBodyRead = _body.IsRead;
            }
            if (body == BodyState.Fine) await ForwardAsync(hit.Route.Pool).ConfigureAwait(false);
            else await RefuseBodyAsync(body).ConfigureAwait(false);
        }
        finally
        {
            _body.End();
            _exchange.Watcher?.End(_exchange.IsAnswerWhole);
            stages.Observe(client);
        }
    }

    /// <summary>Answers a head that cannot be served; the connection must then be closed, since nobody knows where the next request starts.</summary>
    public async ValueTask RefuseAsync(HeadError error)
    {
        _exchange.Begin(stages.Time.GetTimestamp());
        _exchange.Close = true;
        try
        {
            stages.CountRefused(error);
            await LocalAnswer.SendAsync(client, HeadErrors.Status(error), "the request has " + HeadErrors.Text(error)).ConfigureAwait(false);
        }
        finally
        {
            stages.Observe(client);
        }
    }

    private async ValueTask RefuseBodyAsync(BodyState state)
    {
        _exchange.Close = true;
        if (state == BodyState.ClientGone)
        {
            _exchange.Status = 499;
            _exchange.Reason = "the client left before the end of its request";
            return;
        }
        var (status, reason) = state == BodyState.TooLarge
            ? (413, $"the body is larger than {_exchange.Route!.Rules.MaxBodyBytes} bytes")
            : (400, "the body has malformed chunks");
        await LocalAnswer.SendAsync(client, status, reason).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ForwardAsync(TargetPool pool)
    {
        var attempt = _attempt ??= new Attempt(client, _body, stages);
        _mayHoldBack ??= MayHoldBack;
        _pool = pool;
        attempt.Open();
        try
        {
            var (lastStatus, lastReason) = (503, "no target is up");
            while (true)
            {
                var slot = _pool.Pick(_exchange.NextRandom(), _exchange.Tried);
                if (slot is null)
                {
                    if (await WaitAsync().ConfigureAwait(false)) continue;
                    await GiveUpAsync(lastStatus, lastReason).ConfigureAwait(false);
                    return;
                }

                var end = await TryAsync(slot, attempt).ConfigureAwait(false);
                if (end == AttemptEnd.Answered)
                {
                    _exchange.IsAnswerWhole = true;
                    Judge(slot);
                    return;
                }
                if (await HasEndedAsync(slot, end, attempt).ConfigureAwait(false)) return;

                lastReason = attempt.Reason;
                lastStatus = end switch { AttemptEnd.TimedOut => 504, AttemptEnd.NotReached => 503, _ => 502 };
                Blame(slot, end, attempt);
                if (!MayTryAgain(end, attempt))
                {
                    await GiveUpAsync(lastStatus, lastReason).ConfigureAwait(false);
                    return;
                }
                // A new snapshot may have brought new targets meanwhile.
                _pool = stages.PoolOf(_exchange.Route!);
            }
        }
        finally
        {
            attempt.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptEnd> TryAsync(TargetSlot slot, Attempt attempt)
    {
        _exchange.Try(slot);
        slot.Begin();
        try
        {
            var end = await attempt.RunAsync(slot, fresh: false, _mayHoldBack!).ConfigureAwait(false);
            // A connection that had grown too old says nothing about the target: the same again on a new one, at no charge.
            return end == AttemptEnd.Stale && IsRepeatable
                ? await attempt.RunAsync(slot, fresh: true, _mayHoldBack!).ConfigureAwait(false)
                : end;
        }
        finally
        {
            slot.End();
        }
    }

    /// <summary>Whether nothing more can be done for the client, which has then been told if it can be.</summary>
    private async ValueTask<bool> HasEndedAsync(TargetSlot slot, AttemptEnd end, Attempt attempt)
    {
        switch (end)
        {
            case AttemptEnd.ClientGone:
                _exchange.Close = true;
                _exchange.Status = 499;
                _exchange.Reason = "the client left";
                return true;
            case AttemptEnd.BodyBroken:
                await RefuseBodyAsync(_body.State).ConfigureAwait(false);
                return true;
            case AttemptEnd.CutShort:
                // Part of the answer is out: all that can be done is to let the client see that it is not whole. First of all: it waits.
                client.Abort();
                _exchange.Reason = attempt.Reason;
                _exchange.Close = true;
                slot.CountFailed();
                slot.Blame(attempt.Reason);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Sending it twice does no harm: idempotent (RFC 9110 §9.2.2), and the body is at hand.</summary>
    private bool IsRepeatable => _body.IsWhole
        && _exchange.Head.Method is RequestMethod.Get or RequestMethod.Head or RequestMethod.Put or RequestMethod.Delete or RequestMethod.Options or RequestMethod.Trace;

    /// <summary>Whether an answer that says the target failed may be dropped, because another can be asked. Spends the retry.</summary>
    private bool MayHoldBack() => IsRepeatable && _exchange.Tries <= _exchange.Route!.Rules.Retries && _pool!.HasOther(_exchange.Tried) && TrySpend();

    private bool MayTryAgain(AttemptEnd end, Attempt attempt) => end switch
    {
        AttemptEnd.BadAnswer => true,
        AttemptEnd.NotReached => !attempt.HasTouchedBody && HasTriesLeft && TrySpend(),
        AttemptEnd.Lost or AttemptEnd.Stale => IsRepeatable && HasTriesLeft && TrySpend(),
        _ => false,
    };

    private bool HasTriesLeft => _exchange.Tries < Exchange.MaxTries && _exchange.Tries <= _exchange.Route!.Rules.Retries;

    private bool TrySpend()
    {
        if (!_pool!.Budget.TrySpend()) return false;
        _exchange.Route!.Counters.CountRetry();
        return true;
    }

    private void Blame(TargetSlot slot, AttemptEnd end, Attempt attempt)
    {
        slot.CountFailed();
        if (end == AttemptEnd.BadAnswer) _answeredBadly = slot;
        else slot.Blame(attempt.Reason, attempt.WasRefused);
    }

    /// <summary>
    /// A request that fails the same on two targets speaks against itself; one that fails on one and succeeds on the other, against the
    /// first. Without a second opinion a 5xx speaks against the target.
    /// </summary>
    private void Judge(TargetSlot slot)
    {
        var failed = _exchange.Status is 500 or 502 or 503 or 504;
        if (failed) slot.CountFailed();
        else slot.Passed();
        if (_answeredBadly is not null && !failed) _answeredBadly.Blame("answered 5xx where another target did not");
        if (_answeredBadly is null && failed) slot.Blame($"answered {_exchange.Status}");
    }

    /// <summary>
    /// What was never sent, or may be sent twice, waits for a target to come (back), bounded in number and time by the route. True when one
    /// has come.
    /// </summary>
    private async ValueTask<bool> WaitAsync()
    {
        var route = _exchange.Route!;
        var waited = stages.Time.GetElapsedTime(_exchange.StartedStamp);
        if (_exchange.Waits > MaxWaits || waited >= route.Rules.WaitFor) return false;
        if (_exchange.Waits++ == 0) route.Counters.CountWaited();
        _exchange.ForgetTried();
        // All that were tried may serve again by now; a pool that serves none is waited for.
        _pool = stages.PoolOf(route);
        return await _pool.Waiting.WaitAsync(() => (_pool = stages.PoolOf(route)).Serves, route.Rules.WaitFor - waited, stages.Time, stages.Stopped).ConfigureAwait(false)
            && (_pool = stages.PoolOf(route)) is not null;
    }

    // Each wait ends because a target came up; one that comes and goes must not hold a request for ever.
    private const int MaxWaits = 20;

    private async ValueTask GiveUpAsync(int status, string reason)
    {
        _exchange.IsBodyRead = _body.IsRead;
        if (_exchange.Watcher is { } watcher && await watcher.TryRescueAsync(client, status).ConfigureAwait(false)) return;
        _exchange.Route!.Counters.CountOwnError();
        stages.CountFailed();
        await LocalAnswer.SendAsync(client, status, reason).ConfigureAwait(false);
    }
}
