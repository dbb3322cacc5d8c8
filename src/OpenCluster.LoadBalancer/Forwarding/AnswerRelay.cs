using System.Buffers;
using System.Runtime.CompilerServices;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// Carries an answer from target to client once its head is known: head and what came with it in one send, then the rest as it comes.
/// Framing stays as it is where the client understands it; an end by close becomes chunks, so that the client can tell end from accident.
/// </summary>
internal sealed class AnswerRelay(ClientConnection client)
{
    /// <summary>Answers with more than this still to come are read through a larger buffer: fewer calls.</summary>
    private const int LargeBytes = 128 * 1024;

    private readonly ChunkReader _chunks = new();
    private ResponseHead _head = null!;
    private AnswerWatcher? _watcher;
    private bool _taken;
    private bool _chunk;
    private bool _unchunk;
    private bool _done;
    private long _left;

    /// <summary>What went wrong, in words.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The target's connection stands exactly at the end of this answer, and may be kept.</summary>
    public bool IsReusable { get; private set; }

    /// <param name="buffer">What has come, from the head's first byte on; used for the rest too.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptEnd> RunAsync(ResponseHead head, TargetConnection target, byte[] buffer, int filled, ByteWriter to)
    {
        var old = client.Exchange.Head.IsHttp10;
        _head = head;
        _watcher = client.Exchange.Watcher;
        _taken = _watcher is not null && _watcher.Takes(head, buffer);
        _chunk = !_taken && head.Body == BodyKind.UntilClose && !old;
        _unchunk = !_taken && head.Body == BodyKind.Chunked && old;
        _left = head.Body == BodyKind.Length ? head.ContentLength : 0;
        _done = head.Body == BodyKind.None;
        Reason = "";
        IsReusable = false;
        if (head.Body == BodyKind.Chunked) _chunks.Clear();
        // Without chunks the end of such an answer can only be shown by closing.
        if (old && !_taken && head.Body is BodyKind.Chunked or BodyKind.UntilClose) client.Exchange.Close = true;

        to.Clear();
        if (!_taken) HeadWriter.Response(to, client.Exchange, head, buffer, client.Stages.Date, _chunk, _unchunk);
        var read = Take(buffer.AsSpan(head.Length, filled - head.Length), to);
        IsReusable = _done && head.KeepAlive && read == filled - head.Length;
        if (_chunks.IsBad && head.Body == BodyKind.Chunked) return Malformed();
        if (!_taken) await client.SendAsync(to.Written).ConfigureAwait(false);
        var end = _done ? AttemptEnd.Answered : await PumpAsync(target, buffer, to).ConfigureAwait(false);
        if (!_taken) return end;
        // The client has seen nothing yet: what would have been cut short is simply lost, and may be tried elsewhere.
        if (end != AttemptEnd.Answered) return AttemptEnd.Lost;
        await _watcher!.AnswerAsync(client).ConfigureAwait(false);
        return AttemptEnd.Answered;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptEnd> PumpAsync(TargetConnection target, byte[] buffer, ByteWriter to)
    {
        var large = _left > buffer.Length ? ArrayPool<byte>.Shared.Rent(LargeBytes) : null;
        var into = large ?? buffer;
        try
        {
            while (!_done)
            {
                target.Within(_head.Body == BodyKind.Length ? Limits.AnswerSilence : Limits.StreamSilence);
                var count = await ReceiveAsync(target, into).ConfigureAwait(false);
                // A client slow to take this piece has a limit of its own; the target is not to blame.
                target.Within(null);
                if (count <= 0)
                {
                    if (count < 0 || _head.Body != BodyKind.UntilClose) return AttemptEnd.CutShort;
                    if (_chunk) await client.SendAsync("0\r\n\r\n"u8.ToArray()).ConfigureAwait(false);
                    return AttemptEnd.Answered;
                }
                await PassAsync(into.AsMemory(0, count), to).ConfigureAwait(false);
                if (_chunks.IsBad && _head.Body == BodyKind.Chunked) return Malformed();
            }
            return AttemptEnd.Answered;
        }
        finally
        {
            if (large is not null) ArrayPool<byte>.Shared.Return(large);
        }
    }

    /// <summary>Sends a piece on: from where it lies when it goes out as it came, else rewritten.</summary>
    private ValueTask PassAsync(ReadOnlyMemory<byte> piece, ByteWriter to)
    {
        if (_chunk || _unchunk)
        {
            to.Clear();
            var used = Take(piece.Span, to);
            IsReusable = _done && _head.KeepAlive && used == piece.Length;
            return client.SendAsync(to.Written);
        }

        var ours = Follow(piece.Span);
        IsReusable = _done && _head.KeepAlive && ours == piece.Length;
        return _taken ? default : client.SendAsync(piece[..ours]);
    }

    private int Take(ReadOnlySpan<byte> bytes, ByteWriter to)
    {
        if (_unchunk) return Unchunk(bytes, to);
        if (_chunk && bytes.Length > 0)
        {
            _watcher?.Body(bytes);
            to.WriteHex((ulong)bytes.Length, 1);
            to.Write("\r\n"u8);
            to.Write(bytes);
            to.Write("\r\n"u8);
            return bytes.Length;
        }
        var ours = Follow(bytes);
        if (!_taken) to.Write(bytes[..ours]);
        return ours;
    }

    /// <summary>How many of these bytes belong to the answer.</summary>
    private int Follow(ReadOnlySpan<byte> bytes)
    {
        switch (_head.Body)
        {
            case BodyKind.Length:
                var ours = (int)Math.Min(_left, bytes.Length);
                _left -= ours;
                _done = _left == 0;
                _watcher?.Body(bytes[..ours]);
                return ours;
            case BodyKind.Chunked:
                var read = _watcher is null ? _chunks.Read(bytes) : FollowChunks(bytes, _watcher);
                _done = _chunks.IsDone;
                return read;
            case BodyKind.UntilClose:
                _watcher?.Body(bytes);
                return bytes.Length;
            default:
                return 0;
        }
    }

    private int FollowChunks(ReadOnlySpan<byte> bytes, AnswerWatcher watcher)
    {
        var read = 0;
        while (read < bytes.Length && !_chunks.IsDone && !_chunks.IsBad)
        {
            read += _chunks.Read(bytes[read..], out var payload);
            if (payload > 0) watcher.Body(bytes.Slice(read - payload, payload));
        }
        return read;
    }

    private int Unchunk(ReadOnlySpan<byte> bytes, ByteWriter to)
    {
        var read = 0;
        while (read < bytes.Length && !_chunks.IsDone && !_chunks.IsBad)
        {
            read += _chunks.Read(bytes[read..], out var payload);
            var piece = bytes.Slice(read - payload, payload);
            _watcher?.Body(piece);
            to.Write(piece);
        }
        _done = _chunks.IsDone;
        return read;
    }

    private async ValueTask<int> ReceiveAsync(TargetConnection target, byte[] into)
    {
        try
        {
            var count = await target.ReceiveAsync(into).ConfigureAwait(false);
            if (count == 0) Reason = "it closed the connection within its answer";
            return count;
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            Reason = target.TimedOut ? "it fell silent within its answer" : "the connection was lost within its answer";
            return -1;
        }
    }

    private AttemptEnd Malformed()
    {
        IsReusable = false;
        Reason = "its answer has malformed chunks";
        return AttemptEnd.CutShort;
    }
}
