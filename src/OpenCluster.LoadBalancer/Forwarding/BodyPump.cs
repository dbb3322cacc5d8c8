using System.Buffers;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// Carries a body that is too large to keep from client to target while the answer is already waited for, which may come early
/// (RFC 9112 §7.5). Starts at once; ends with <see cref="EndAsync"/>, after which it no longer touches the client.
/// </summary>
internal sealed class BodyPump
{
    private const int BufferBytes = 64 * 1024;

    private readonly ClientConnection _client;
    private readonly RequestBody _body;
    private readonly TargetConnection _target;
    private readonly TimeSpan _answerWithin;
    private readonly Task _task;
    private volatile bool _discards;
    private volatile bool _sent;
    private volatile bool _answered;
    private volatile BodyState _broken;

    /// <param name="answerWithin">Time for the answer: counts from the end of the body, and while the target takes none of it.</param>
    public BodyPump(ClientConnection client, RequestBody body, TargetConnection target, TimeSpan answerWithin)
    {
        _client = client;
        _body = body;
        _target = target;
        _answerWithin = answerWithin;
        _task = RunAsync();
    }

    /// <summary>The whole body went to the target.</summary>
    public bool IsSent => _sent;

    /// <summary>Why the body cannot go on; the target's connection is then closed, so that it never takes the part for the whole.</summary>
    public BodyState Broken => _broken;

    /// <summary>
    /// The answer is through, or there will be none: stops with the piece that is being read. The client's connection can then only be
    /// closed, since the rest of the body stands on it.
    /// </summary>
    public async ValueTask EndAsync()
    {
        if (!_task.IsCompleted)
        {
            _discards = true;
            _client.Exchange.Close = true;
            if (_client.Exchange.Status != 0) _client.BeginLinger();
        }
        await _task.ConfigureAwait(false);
    }

    /// <summary>The head of the answer is there: from now on other limits hold, which are not for this to set.</summary>
    public void AnswerHasCome() => _answered = true;

    private void Limit(TimeSpan? limit)
    {
        if (!_answered) _target.Within(limit);
    }

    private async Task RunAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (true)
            {
                // A slow client has a limit of its own, and the target cannot answer what it has not got.
                Limit(null);
                var count = await _body.ReadAsync(buffer).ConfigureAwait(false);
                Limit(_answerWithin);
                if (count < 0)
                {
                    _broken = _body.State;
                    _target.Close();
                    return;
                }
                if (count == 0)
                {
                    _sent = !_discards;
                    return;
                }
                _client.Exchange.BytesIn += count;
                // What the client sends beyond this is dropped when its connection is closed.
                if (_discards) return;
                await SendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
        }
        catch (ClientGoneException)
        {
            _broken = BodyState.ClientGone;
            _target.Close();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A target that takes no more may still have answered: its side of the connection tells.</summary>
    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _target.Transport.SendAsync(bytes).ConfigureAwait(false);
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            _discards = true;
        }
    }
}
