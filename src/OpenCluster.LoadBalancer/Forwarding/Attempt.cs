using System.Net.Sockets;
using System.Runtime.CompilerServices;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

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
    /// <summary>A connection kept from earlier ended before the first byte of an answer: it had grown too old, or the target died.</summary>
    Stale,
}

/// <summary>
/// One try of one request at one target: connection, request out, head of the answer in, answer through. Everything the client has not
/// seen can be tried elsewhere; therefore a small answer is passed on only when all of it has come.
/// </summary>
internal sealed class Attempt(ClientConnection client, RequestBody body, Stages stages)
{
    /// <summary>Bodies of known length up to this are received whole, within the route's time limit, before any of it is passed on.</summary>
    public const int WholeBytes = 16 * 1024;

    private readonly Exchange _exchange = client.Exchange;
    private readonly ResponseHead _head = new();
    private readonly ByteWriter _out = new();
    private readonly AnswerRelay _relay = new(client);
    private byte[] _in = [];
    private BodyPump? _pump;
    private bool _hasBytes;

    /// <summary>What went wrong, in words.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Nobody listens at the target.</summary>
    public bool WasRefused { get; private set; }

    /// <summary>Bytes of a body that is not at hand are gone: no other target can have them.</summary>
    public bool HasTouchedBody { get; private set; }

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

    /// <param name="fresh">Do not use a kept connection.</param>
    /// <param name="mayHoldBack">Asked when the answer says that the target failed: is there another to ask?</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptEnd> RunAsync(TargetSlot slot, bool fresh, Func<bool> mayHoldBack)
    {
        Reason = "";
        WasRefused = _hasBytes = false;
        _pump = null;
        var epoch = slot.Idle.Epoch;
        var connection = await ConnectAsync(slot, fresh).ConfigureAwait(false);
        if (connection is null) return AttemptEnd.NotReached;

        var reusable = false;
        try
        {
            connection.Within(_exchange.Route!.Rules.Timeout);
            await SendAsync(connection).ConfigureAwait(false);
            var filled = await ReadAnswerAsync(connection).ConfigureAwait(false);
            if (filled < 0) return Failed(connection);
            if (_head.Status == 101) return await Tunnel.RunAsync(client, connection, _head, _in.AsMemory(0, filled), _out).ConfigureAwait(false);
            if (_head.Status is 500 or 502 or 503 or 504 && mayHoldBack())
            {
                Reason = $"answered {_head.Status}";
                return AttemptEnd.BadAnswer;
            }

            _exchange.Status = _head.Status;
            _exchange.Close |= stages.IsDraining || _pump is { IsSent: false };
            var end = await _relay.RunAsync(_head, connection, _in, filled, _out).ConfigureAwait(false);
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
            Reason = lost.InWords();
            return Failed(connection);
        }
        finally
        {
            if (reusable) slot.Idle.Return(connection, epoch);
            else await DropAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>A connection that is open and silent, and already receiving; null when there is none to be had.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TargetConnection?> ConnectAsync(TargetSlot slot, bool fresh)
    {
        while (!fresh && slot.Idle.TryTake(out var kept))
        {
            if (kept.TryArm(_in)) return kept;
            await DropAsync(kept).ConfigureAwait(false);
        }

        try
        {
            var made = await TargetConnection.ConnectAsync(slot, _exchange.Route!.Rules.ConnectTimeout, stages.Keeper).ConfigureAwait(false);
            if (made.TryArm(_in)) return made;
            await DropAsync(made).ConfigureAwait(false);
            Reason = "it closed the connection at once, or spoke first";
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            WasRefused = lost is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
            Reason = "connecting: " + lost.InWords();
        }
        return null;
    }

    private ValueTask SendAsync(TargetConnection connection)
    {
        _out.Clear();
        HeadWriter.Request(_out, _exchange, client.HeadBytes, client.Facts.Forwarded);
        if (body.IsWhole) _out.Write(body.Whole.Span);
        _exchange.BytesIn += _out.Length;
        return body.IsWhole ? connection.Transport.SendAsync(_out.Written) : SendThenPumpAsync(connection);
    }

    private async ValueTask SendThenPumpAsync(TargetConnection connection)
    {
        HasTouchedBody = true;
        await connection.Transport.SendAsync(_out.Written).ConfigureAwait(false);
        _pump = new BodyPump(client, body, connection);
    }

    /// <summary>
    /// Reads until the head of the final answer is complete, and its body too if it is small; returns the bytes received from its start on,
    /// or -1.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAnswerAsync(TargetConnection connection)
    {
        var (filled, wanted) = (0, 0);
        _head.Clear();
        while (true)
        {
            var count = await connection.ReceiveAsync(_in.AsMemory(filled)).ConfigureAwait(false);
            if (count == 0)
            {
                Reason = wanted > 0 ? "it closed the connection within its answer" : "it closed the connection before an answer";
                return -1;
            }
            _hasBytes = true;
            filled += count;
            if (wanted > 0)
            {
                if (filled >= wanted) return filled;
                continue;
            }
            while (_head.Parse(_in.AsSpan(0, filled), _exchange.Head.Method == RequestMethod.Head) is var status and not HeadStatus.NeedMore)
            {
                if (status == HeadStatus.Refused || (_head.Status == 101 && !_exchange.Head.Upgrades))
                {
                    Reason = status == HeadStatus.Refused ? $"its answer has {HeadErrors.Text(_head.Error)}" : "it answered 101 though nobody asked";
                    return -1;
                }
                if (_head.Status is >= 200 or 101)
                {
                    wanted = WholeLength();
                    if (filled >= wanted) return filled;
                    break;
                }
                await PassInterimAsync().ConfigureAwait(false);
                filled -= _head.Length;
                _in.AsSpan(_head.Length, filled).CopyTo(_in);
                _head.Clear();
                if (filled == 0) break;
            }
        }
    }

    /// <summary>Bytes of head and body when the body is small, and fits beside its head; else 0: it is passed on as it comes.</summary>
    private int WholeLength() =>
        _head.Body == BodyKind.Length && _head.ContentLength <= Math.Min(WholeBytes, _in.Length - _head.Length) ? _head.Length + (int)_head.ContentLength : 0;

    /// <summary>Interim answers pass (RFC 9110 §15.2), except 100: who asked for that has been answered here.</summary>
    private ValueTask PassInterimAsync()
    {
        if (_head.Status == 100 || _exchange.Head.IsHttp10) return default;
        _out.Clear();
        HeadWriter.Interim(_out, _head, _in);
        return client.SendAsync(_out.Written);
    }

    private AttemptEnd Failed(TargetConnection connection)
    {
        if (_pump is { Broken: not BodyState.Fine } pump) return pump.Broken == BodyState.ClientGone ? AttemptEnd.ClientGone : AttemptEnd.BodyBroken;
        if (connection.TimedOut)
        {
            Reason = $"no answer within {_exchange.Route!.Rules.Timeout.TotalSeconds:0.###} s";
            return AttemptEnd.TimedOut;
        }
        return connection.IsReused && !_hasBytes ? AttemptEnd.Stale : AttemptEnd.Lost;
    }

    private async ValueTask DropAsync(TargetConnection connection)
    {
        connection.Close();
        await connection.DisarmAsync().ConfigureAwait(false);
        if (_pump is not null) await _pump.EndAsync().ConfigureAwait(false);
    }
}
