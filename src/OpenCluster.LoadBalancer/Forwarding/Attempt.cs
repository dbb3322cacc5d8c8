using System.Net.Sockets;
using System.Runtime.CompilerServices;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Forwarding;

internal enum AttemptEnd : byte
{
    /// <summary>The whole answer went to the client.</summary>
    Answered,
    /// <summary>Nothing of the request was sent: no connection.</summary>
    NotReached,
    /// <summary>Sent, perhaps in part, and the connection ended, or spoke nonsense, before an answer.</summary>
    Lost,
    /// <summary>No answer in time.</summary>
    TimedOut,
    /// <summary>500, 502, 503 or 504, held back because another target may do better.</summary>
    BadAnswer,
    /// <summary>The connection ended, or spoke nonsense, with part of the answer at the client.</summary>
    CutShort,
    /// <summary>The client's connection ended.</summary>
    ClientGone,
    /// <summary>The request's body cannot be read to its end.</summary>
    BodyBroken,
    /// <summary>The target says, or it is certain, that it did nothing with the request (RFC 9113 §8.7): it may be sent again, whatever it is.</summary>
    Unseen,
    /// <summary>A connection kept from earlier ended before the first byte of an answer: it had grown too old, or the target died.</summary>
    Stale,
}

/// <summary>How far the answer of an attempt has come.</summary>
internal enum AnswerProgress : byte
{
    /// <summary>Not enough to tell anything.</summary>
    Waiting,
    /// <summary>An interim answer, to be passed on or dropped; the final one is still to come.</summary>
    Interim,
    /// <summary>Head and body, all of it.</summary>
    Whole,
    /// <summary>The head, and a body that is passed on as it comes; or 101.</summary>
    Head,
    /// <summary>It is no answer, or the connection ended: <see cref="Attempt.Reason"/> says which.</summary>
    Failed,
}

/// <summary>
/// One try of one request at one target: connection, request out, head of the answer in, answer through. Everything the client has not
/// seen can be tried elsewhere; therefore a small answer is passed on only when all of it has come.
/// </summary>
/// <remarks>
/// What it does between two waits are plain methods, so that the usual case can be driven without any frame of its own
/// (<see cref="ClientConnection"/>): <see cref="TryBegin"/> → send <see cref="Request"/> → receive into <see cref="Space"/> and
/// <see cref="Take"/> until whole → <see cref="Finish"/>. All other cases go on from wherever they are with <see cref="GoOnAsync"/>.
/// </remarks>
internal sealed class Attempt(ClientConnection client, RequestBody body, Stages stages)
{
    /// <summary>Bodies of known length up to this are received whole, within the route's time limit, before any of it is passed on.</summary>
    public const int WholeBytes = 16 * 1024;

    private readonly Exchange _exchange = client.Exchange;
    private readonly ResponseHead _head = new();
    private readonly ByteWriter _out = new();
    private readonly AnswerRelay _relay = new(client);
    private TargetConnection? _connection;
    private TargetSlot _slot = null!;
    private BodyPump? _pump;
    private AnswerProgress _progress;
    private byte[] _in = [];
    private int _epoch;
    private int _filled;
    private int _wanted;
    private bool _hasBytes;
    private bool _unseen;

    // Who ends the use of the connection: this, or the client that has gone, from another thread.
    private int _use;

    private const int InUse = 0, Ended = 1, Abandoned = 2;

    /// <summary>What went wrong, in words.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Nobody listens at the target.</summary>
    public bool WasRefused { get; private set; }

    /// <summary>There was no connection for want of something of ours: the target is not to blame.</summary>
    public bool WasOurs { get; private set; }

    /// <summary>Bytes of a body that is not at hand are gone: no other target can have them.</summary>
    public bool HasTouchedBody { get; private set; }

    /// <summary>The connection in use.</summary>
    public TargetConnection Connection => _connection!;

    /// <summary>The request's head, and its body if that is at hand; until the answer is looked at.</summary>
    public ReadOnlyMemory<byte> Request => _out.Written;

    /// <summary>Where the answer's next bytes go.</summary>
    public Memory<byte> Space => _in.AsMemory(_filled);

    public void Open()
    {
        _in = BufferPool.Rent();
        _out.Open();
        HasTouchedBody = false;
    }

    public void Release()
    {
        BufferPool.Return(_in);
        _in = [];
        _out.Release();
    }

    /// <summary>Takes a kept connection that is still good and writes the request; false when there is none.</summary>
    public bool TryBegin(TargetSlot slot)
    {
        Begin(slot);
        if (!slot.Idle.TryTake(out var kept)) return false;
        _connection = kept;
        // Stale: the long way drops it and takes the next.
        if (!IsGood(kept)) return false;
        kept.Within(_exchange.Route!.Rules.Timeout);
        WriteRequest();
        return true;
    }

    /// <summary>Looks at bytes that have come into <see cref="Space"/>; 0 for the end of the connection.</summary>
    public AnswerProgress Take(int count)
    {
        if (count == 0)
        {
            Reason = _wanted > 0 ? "it closed the connection within its answer" : "it closed the connection before an answer";
            return _progress = AnswerProgress.Failed;
        }
        _hasBytes = true;
        _filled += count;
        return _progress = Look();
    }

    /// <summary>The connection was lost while sending or receiving.</summary>
    public void Lose(Exception loss)
    {
        Reason = loss.InWords();
        _unseen = loss is StreamLostException { WasProcessed: false };
        _progress = AnswerProgress.Failed;
    }

    /// <summary>The client has gone: ends the use of the connection, unless that has ended. From any thread.</summary>
    public void Abandon()
    {
        if (Interlocked.CompareExchange(ref _use, Abandoned, InUse) == InUse) Volatile.Read(ref _connection)?.Close();
    }

    /// <summary>Whether a whole answer is to be passed on as it is, with nothing held back and nobody watching.</summary>
    public bool IsPlain => _progress == AnswerProgress.Whole && _exchange.Watcher is null && _head.Status is not (500 or 502 or 503 or 504);

    /// <summary>Ends an attempt whose answer is plain: frees the connection for others, and gives what the client is to get.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        _exchange.Status = _head.Status;
        _exchange.Close |= stages.IsDraining;
        _out.Clear();
        HeadWriter.Response(_out, _exchange, _head, _in, stages.Date, chunk: false, unchunk: false);
        _out.Write(_in.AsSpan(_head.Length, _wanted - _head.Length));
        var connection = Connection;
        _connection = null;
        // More than was announced would be taken for the answer to the next request.
        if (TryEndUse() && _head.KeepAlive && _filled == _wanted) _slot.Idle.Return(connection, _epoch);
        else connection.Close();
        return _out.Written;
    }

    /// <summary>Connects, unless told that this has been done, and goes on to the end.</summary>
    /// <param name="fresh">Do not use a kept connection.</param>
    /// <param name="mayHoldBack">Asked when the answer says that the target failed: is there another to ask?</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptEnd> RunAsync(TargetSlot slot, bool fresh, Func<bool> mayHoldBack)
    {
        if (_connection is not null) await DropAsync(_connection).ConfigureAwait(false);
        Begin(slot);
        _connection = await ConnectAsync(slot, fresh).ConfigureAwait(false);
        if (client.IsClosed) _connection?.Close();
        if (_connection is null) return client.IsClosed ? AttemptEnd.ClientGone : AttemptEnd.NotReached;
        _connection.Within(_exchange.Route!.Rules.Timeout);
        try
        {
            await SendAsync(_connection).ConfigureAwait(false);
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            Lose(lost);
        }
        return await GoOnAsync(mayHoldBack).ConfigureAwait(false);
    }

    /// <summary>Goes on with an attempt whose request was sent, wherever it is, to the end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptEnd> GoOnAsync(Func<bool> mayHoldBack)
    {
        var connection = Connection;
        var reusable = false;
        try
        {
            while (_progress is AnswerProgress.Waiting or AnswerProgress.Interim)
            {
                if (_progress == AnswerProgress.Waiting)
                {
                    Take(await connection.ReceiveAsync(Space).ConfigureAwait(false));
                }
                else
                {
                    await PassInterimAsync().ConfigureAwait(false);
                    _progress = SkipInterim();
                }
            }
            if (_progress == AnswerProgress.Failed) return Failed(connection);
            _pump?.AnswerHasCome();
            if (_head.Status == 101) return await Tunnel.RunAsync(client, connection, _head, _in.AsMemory(0, _filled), _out).ConfigureAwait(false);
            if (_head.Status is 500 or 502 or 503 or 504 && mayHoldBack())
            {
                Reason = $"answered {_head.Status}";
                return AttemptEnd.BadAnswer;
            }

            _exchange.Status = _head.Status;
            _exchange.Close |= stages.IsDraining || _pump is { IsSent: false };
            var end = await _relay.RunAsync(_head, connection, _in, _filled, _out).ConfigureAwait(false);
            Reason = _relay.Reason;
            reusable = end == AttemptEnd.Answered && _relay.IsReusable && _pump is null or { IsSent: true };
            return end;
        }
        catch (ClientGoneException)
        {
            return AttemptEnd.ClientGone;
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            Lose(lost);
            return Failed(connection);
        }
        finally
        {
            _connection = null;
            if (TryEndUse() && reusable && !IsTold) _slot.Idle.Return(connection, _epoch);
            else await DropAsync(connection).ConfigureAwait(false);
        }
    }

    private void Begin(TargetSlot slot)
    {
        _slot = slot;
        _epoch = slot.Idle.Epoch;
        _connection = null;
        _pump = null;
        _progress = AnswerProgress.Waiting;
        _filled = _wanted = 0;
        _hasBytes = false;
        _head.Clear();
        _unseen = false;
        _use = InUse;
        Reason = "";
        WasRefused = WasOurs = false;
    }

    /// <summary>Targets are told of the client by PROXY protocol: a connection is then that client's alone.</summary>
    private bool IsTold => _exchange.Route!.Rules.ProxyProtocol != ProxyProtocol.None;

    private ReadOnlyMemory<byte> Preface => IsTold ? ProxyHeader.Write(_exchange.Route!.Rules.ProxyProtocol == ProxyProtocol.V2, client.Facts.Remote, client.Facts.Local) : default;

    /// <summary>A connection that is open and silent, and already receiving; null when there is none to be had.</summary>
    private async ValueTask<TargetConnection?> ConnectAsync(TargetSlot slot, bool fresh)
    {
        while (!fresh && !IsTold && slot.Idle.TryTake(out var kept))
        {
            if (IsGood(kept)) return kept;
            await DropAsync(kept).ConfigureAwait(false);
        }

        try
        {
            var made = await TargetConnection.ConnectAsync(slot, _exchange.Route!.Rules.ConnectTimeout, stages.Keeper, Preface).ConfigureAwait(false);
            if (made.TryArm(_in)) return made;
            await DropAsync(made).ConfigureAwait(false);
            Reason = "it closed the connection at once, or spoke first";
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            WasRefused = lost is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
            WasOurs = Loss.IsOurs(lost);
            Reason = "connecting: " + lost.InWords();
        }
        return null;
    }

    /// <summary>
    /// A kept connection that is open and silent. That its end has come may not have been told yet; what cannot be sent twice is worth asking.
    /// </summary>
    private bool IsGood(TargetConnection kept) => kept.TryArm(_in) && (_exchange.Head.IsIdempotent || !kept.Transport.HasInput);

    private void WriteRequest()
    {
        _out.Clear();
        HeadWriter.Request(_out, _exchange, client.HeadBytes, client.Facts.Forwarded);
        if (body.IsWhole) _out.Write(body.Whole.Span);
        _exchange.BytesIn += _out.Length;
    }

    private ValueTask SendAsync(TargetConnection connection)
    {
        WriteRequest();
        return body.IsWhole ? connection.Transport.SendAsync(_out.Written) : SendThenPumpAsync(connection);
    }

    private async ValueTask SendThenPumpAsync(TargetConnection connection)
    {
        HasTouchedBody = true;
        await connection.Transport.SendAsync(_out.Written).ConfigureAwait(false);
        _pump = new BodyPump(client, body, connection, _exchange.Route!.Rules.Timeout);
    }

    private AnswerProgress Look()
    {
        // A head that is complete is not read again: only the rest of its body is waited for.
        if (_wanted > 0) return _filled >= _wanted ? AnswerProgress.Whole : AnswerProgress.Waiting;
        if (_filled == 0) return AnswerProgress.Waiting;
        switch (_head.Parse(_in.AsSpan(0, _filled), _exchange.Head.Method == RequestMethod.Head))
        {
            case HeadStatus.NeedMore:
                return AnswerProgress.Waiting;
            case HeadStatus.Refused:
                Reason = $"its answer has {HeadErrors.Text(_head.Error)}";
                return AnswerProgress.Failed;
        }
        if (_head.Status == 101)
        {
            if (_exchange.Head.Upgrades) return AnswerProgress.Head;
            Reason = "it answered 101 though nobody asked";
            return AnswerProgress.Failed;
        }
        if (_head.Status < 200) return AnswerProgress.Interim;
        _wanted = WholeLength();
        if (_wanted == 0) return AnswerProgress.Head;
        return _filled >= _wanted ? AnswerProgress.Whole : AnswerProgress.Waiting;
    }

    /// <summary>Bytes of head and body when the body is small, and fits beside its head; else 0: it is passed on as it comes.</summary>
    private int WholeLength() => _head.Body switch
    {
        BodyKind.None => _head.Length,
        BodyKind.Length when _head.ContentLength <= Math.Min(WholeBytes, _in.Length - _head.Length) => _head.Length + (int)_head.ContentLength,
        _ => 0,
    };

    /// <summary>Interim answers pass (RFC 9110 §15.2), except 100: who asked for that has been answered here.</summary>
    private ValueTask PassInterimAsync()
    {
        if (_head.Status == 100 || _exchange.Head.IsHttp10) return default;
        _out.Clear();
        HeadWriter.Interim(_out, _head, _in);
        return client.SendAsync(_out.Written);
    }

    private AnswerProgress SkipInterim()
    {
        _filled -= _head.Length;
        _in.AsSpan(_head.Length, _filled).CopyTo(_in);
        _head.Clear();
        return Look();
    }

    private bool TryEndUse() => Interlocked.CompareExchange(ref _use, Ended, InUse) == InUse;

    private AttemptEnd Failed(TargetConnection connection)
    {
        if (client.IsClosed) return AttemptEnd.ClientGone;
        if (_pump is { Broken: not BodyState.Fine } pump) return pump.Broken == BodyState.ClientGone ? AttemptEnd.ClientGone : AttemptEnd.BodyBroken;
        if (connection.TimedOut)
        {
            Reason = $"no answer within {_exchange.Route!.Rules.Timeout.TotalSeconds:0.###} s";
            return AttemptEnd.TimedOut;
        }
        if (_unseen) return AttemptEnd.Unseen;
        return connection.IsReused && !_hasBytes ? AttemptEnd.Stale : AttemptEnd.Lost;
    }

    private async ValueTask DropAsync(TargetConnection connection)
    {
        connection.Close();
        await connection.DisarmAsync().ConfigureAwait(false);
        if (_pump is not null) await _pump.EndAsync().ConfigureAwait(false);
    }
}
