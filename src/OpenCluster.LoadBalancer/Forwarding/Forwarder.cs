using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Routing;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>What is still to be done for the request at hand.</summary>
internal enum Rest : byte
{
    /// <summary>It is answered, or nobody is left to answer.</summary>
    Nothing,
    NoRoute,
    BadBody,
    /// <summary>A step of the route is deciding.</summary>
    Step,
    /// <summary>A small body is to be read.</summary>
    Body,
    /// <summary>A target is to be chosen.</summary>
    Target,
    /// <summary>The target chosen has no kept connection.</summary>
    Connection,
    /// <summary>A request is ready for a kept connection: the straight way.</summary>
    Answer,
    /// <summary>The straight way has met something it does not know.</summary>
    Trouble,
}

/// <summary>
/// Serves one request: route, body, target, answer; one object per client connection.
/// 1. Route it, or answer 404. 2. Ask the route's steps, any of which may answer. 3. Read a small body whole. 4. Choose a target, or wait
/// for one. 5. Try it (<see cref="Attempt"/>). 6. When that gave nothing the client has seen and trying again is safe, go on at 4 with another
/// target. 7. Count and log.
/// </summary>
/// <remarks>
/// <see cref="Begin"/> goes as far as it can without waiting, which nearly always is up to a request that only has to be sent: then the
/// connection sends it and waits for the answer itself (<see cref="Rest.Answer"/>, then <see cref="Finish"/>). Whatever needs more waiting than that
/// goes on from where it stands with <see cref="GoOnAsync"/>. <see cref="End"/> in any case.
/// </remarks>
internal sealed class Forwarder(ClientConnection client, Stages stages)
{
    private readonly Exchange _exchange = client.Exchange;
    private readonly RequestBody _body = new(client);
    private Attempt? _attempt;
    private Func<bool>? _mayHoldBack;
    private TargetPool? _pool;
    private ValueTask<bool> _answering;
    private int _step;
    private bool _isOpen;

    // The slots that answered 5xx before the current try: blamed only when another target does better.
    private TargetSlot? _answeredBadly;

    /// <summary>The try under way, after <see cref="Rest.Answer"/>.</summary>
    public Attempt Attempt => _attempt!;

    /// <summary>Goes as far as possible without waiting.</summary>
    public Rest Begin()
    {
        _exchange.Begin(stages.Time.GetTimestamp());
        _exchange.Close = !_exchange.Head.KeepAlive || stages.IsDraining;
        if (stages.Tracer is { } tracer) _exchange.Trace = tracer.Begin(_exchange, client.HeadBytes);
        _answeredBadly = null;
        _step = 0;
        if (FindRoute() is not { } route) return Rest.NoRoute;
        _pool = route.Pool;
        _pool.Budget.Earn();

        var body = _body.Begin(_exchange.Head, route.Rules.MaxBodyBytes);
        _exchange.IsBodyRead = _body.IsRead;
        if (body != BodyState.Fine) return Rest.BadBody;
        while (_step < route.Steps.Length)
        {
            // Kept, not awaited here: it is awaited exactly once, by GoOnAsync.
#pragma warning disable CA2012
            _answering = route.Steps[_step++].TryAnswerAsync(client);
#pragma warning restore CA2012
            if (!_answering.IsCompletedSuccessfully) return Rest.Step;
            if (_answering.Result) return Rest.Nothing;
        }
        return _body.IsWhole ? TryStraight() : Rest.Body;
    }

    /// <summary>Passes a plain answer on, see <see cref="Attempt.IsPlain"/>: what the client is to get.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        var answer = Attempt.Finish();
        _exchange.IsAnswerWhole = true;
        var slot = _exchange.Slot!;
        slot.End();
        _pool!.Freed();
        Judge(slot);
        return answer;
    }

    /// <summary>Goes on from where <see cref="Begin"/> or the straight way stopped, to the end.</summary>
    public async ValueTask GoOnAsync(Rest rest)
    {
        switch (rest)
        {
            case Rest.NoRoute:
                _exchange.Close |= _exchange.Head.Body != BodyKind.None;
                await LocalAnswer.SendAsync(client, 404, "no route for this host and path").ConfigureAwait(false);
                break;
            case Rest.BadBody:
                await RefuseBodyAsync(_body.State).ConfigureAwait(false);
                break;
            case Rest.Step:
                if (await _answering.ConfigureAwait(false)) break;
                while (_step < _exchange.Route!.Steps.Length)
                    if (await _exchange.Route.Steps[_step++].TryAnswerAsync(client).ConfigureAwait(false)) return;
                goto case Rest.Body;
            case Rest.Body:
                var body = await _body.CollectAsync().ConfigureAwait(false);
                _exchange.IsBodyRead = _body.IsRead;
                if (body != BodyState.Fine) goto case Rest.BadBody;
                goto case Rest.Target;
            case Rest.Target:
            case Rest.Connection:
            case Rest.Trouble:
                await ForwardAsync(rest).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>The client's connection ended under way.</summary>
    public void ClientLeft()
    {
        _exchange.Close = true;
        _exchange.Status = 499;
        _exchange.Reason = "the client left";
    }

    /// <summary>Nobody waits for the answer any more; its target need not go on. May come from any thread, also when nothing is under way.</summary>
    public void Abandon() => _attempt?.Abandon();

    /// <summary>The request is over, however it went.</summary>
    public void End()
    {
        _body.End();
        _exchange.Leave();
        if (_isOpen) _attempt!.Release();
        _isOpen = false;
        _exchange.Watcher?.End(_exchange.IsAnswerWhole);
        stages.Observe(client);
    }

    private RouteEntry? FindRoute()
    {
        var head = _exchange.Head;
        var bytes = client.HeadBytes;
        var hit = stages.Table.Find(head.Host(bytes), head.Path(bytes), bytes[..head.MethodLength], new HeadFields(head.Fields, bytes));
        _exchange.Found(hit, head.Path(bytes));
        return hit.Route;
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

    private Rest TryStraight()
    {
        if (Choose() is not { } slot) return Rest.Target;
        Open();
        return Attempt.TryBegin(slot) ? Rest.Answer : Rest.Connection;
    }

    private void Open()
    {
        if (_isOpen) return;
        _attempt ??= new Attempt(client, _body, stages);
        _mayHoldBack ??= MayHoldBack;
        _attempt.Open();
        _isOpen = true;
    }

    private async ValueTask ForwardAsync(Rest rest)
    {
        Open();
        var attempt = Attempt;
        var (lastStatus, lastReason) = (503, "no target is up");
        while (true)
        {
            var slot = rest is Rest.Connection or Rest.Trouble ? _exchange.Slot : Choose();
            if (slot is null)
            {
                if (await WaitAsync().ConfigureAwait(false)) continue;
                await GiveUpAsync(lastStatus, lastReason).ConfigureAwait(false);
                return;
            }

            var end = await TryAsync(slot, rest == Rest.Trouble).ConfigureAwait(false);
            rest = Rest.Target;
            if (end == AttemptEnd.Answered)
            {
                _exchange.IsAnswerWhole = true;
                Judge(slot);
                return;
            }
            if (await HasEndedAsync(slot, end, attempt).ConfigureAwait(false)) return;

            lastReason = attempt.Reason;
            lastStatus = end switch { AttemptEnd.TimedOut => 504, AttemptEnd.NotReached or AttemptEnd.Unseen => 503, _ => 502 };
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

    private TargetSlot? Choose()
    {
        var draw = _pool!.Keys.IsNeeded ? _pool.Keys.Read(client, _exchange.NextRandom()) : new Draw(_exchange.NextRandom());
        if (_pool.Take(draw, _exchange.Tried) is not { } slot) return null;
        _exchange.Try(slot);
        _exchange.AnswerFields = _pool.Keys.Answer(draw, slot, client.Facts.IsSecure);
        return slot;
    }

    /// <param name="begun">The straight way has begun this try.</param>
    private async ValueTask<AttemptEnd> TryAsync(TargetSlot slot, bool begun)
    {
        try
        {
            var end = begun
                ? await Attempt.GoOnAsync(_mayHoldBack!).ConfigureAwait(false)
                : await Attempt.RunAsync(slot, fresh: false, _mayHoldBack!).ConfigureAwait(false);
            // A connection that had grown too old says nothing about the target: the same again on a new one, at no charge.
            return (end == AttemptEnd.Stale && IsRepeatable) || (end == AttemptEnd.Unseen && !Attempt.HasTouchedBody)
                ? await Attempt.RunAsync(slot, fresh: true, _mayHoldBack!).ConfigureAwait(false)
                : end;
        }
        finally
        {
            slot.End();
            _pool!.Freed();
        }
    }

    /// <summary>Whether nothing more can be done for the client, which has then been told if it can be.</summary>
    private async ValueTask<bool> HasEndedAsync(TargetSlot slot, AttemptEnd end, Attempt attempt)
    {
        switch (end)
        {
            case AttemptEnd.ClientGone:
                ClientLeft();
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

    /// <summary>Sending it twice does no harm, and the body is at hand.</summary>
    private bool IsRepeatable => _body.IsWhole && _exchange.Head.IsIdempotent;

    /// <summary>Whether an answer that says the target failed may be dropped, because another can be asked. Spends the retry.</summary>
    private bool MayHoldBack() => IsRepeatable && _exchange.Tries <= _exchange.Route!.Rules.Retries && _pool!.HasOther(_exchange.Tried) && TrySpend();

    private bool MayTryAgain(AttemptEnd end, Attempt attempt) => end switch
    {
        AttemptEnd.BadAnswer => true,
        AttemptEnd.NotReached or AttemptEnd.Unseen => !attempt.HasTouchedBody && HasTriesLeft && TrySpend(),
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
        // A lack of ours (descriptors, ports) fails requests to every target alike: to blame them would take them all away.
        if (attempt.WasOurs) return;
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
        var held = _body.IsWhole ? _body.Whole.Length : 0;
        // All that were tried may serve again by now; a pool that serves none is waited for.
        _pool = stages.PoolOf(route);
        return await _pool.Waiting.WaitAsync(() => (_pool = stages.PoolOf(route)).HasRoom, held, route.Rules.WaitFor - waited, stages.Time, stages.Stopped).ConfigureAwait(false)
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
        await LocalAnswer.SendAsync(client, status, reason, html: status == 503 ? _exchange.Route.Rules.OfflinePage : "").ConfigureAwait(false);
    }
}
