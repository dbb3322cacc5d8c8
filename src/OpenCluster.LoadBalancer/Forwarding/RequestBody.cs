using System.Buffers;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Forwarding;

internal enum BodyState : byte
{
    Fine,
    /// <summary>The client's connection ended within the body.</summary>
    ClientGone,
    /// <summary>The chunks are malformed.</summary>
    Malformed,
    TooLarge,
}

/// <summary>
/// The body of one request as it comes from the client, checked, in the framing it came with. A small one is read whole before a target
/// is chosen: it can then be sent again to another, and a slow client holds no target.
/// </summary>
internal sealed class RequestBody(ClientConnection client)
{
    /// <summary>Bodies up to this size are read whole first.</summary>
    public const int KeptBytes = 64 * 1024;

    private readonly ChunkReader _chunks = new();
    private BodyKind _kind;
    private long _left;
    private long _most;
    private bool _expects;
    private byte[]? _kept;

    /// <summary>All of it is in <see cref="Whole"/>: it can be sent as often as needed.</summary>
    public bool IsWhole { get; private set; }

    public ReadOnlyMemory<byte> Whole { get; private set; }

    /// <summary>Nothing of it is left on the client's connection.</summary>
    public bool IsRead { get; private set; }

    /// <summary>Why <see cref="ReadAsync"/> answered -1.</summary>
    public BodyState State { get; private set; }

    /// <summary>Looks at what has already come of it: often all.</summary>
    public BodyState Begin(RequestHead head, long most)
    {
        _kind = head.Body;
        _left = head.ContentLength;
        _most = most;
        _expects = head.ExpectsContinue;
        State = BodyState.Fine;
        Whole = default;
        IsRead = IsWhole = _kind == BodyKind.None;
        if (_kind == BodyKind.Length) BeginLength();
        else if (_kind == BodyKind.Chunked) BeginChunked();
        return State;
    }

    /// <summary>Reads it whole when it is small; otherwise leaves it where it is.</summary>
    public ValueTask<BodyState> CollectAsync() => IsRead || _kind == BodyKind.Chunked || _left > KeptBytes ? new(State) : CollectLengthAsync();

    /// <summary>The next bytes, framing included; 0 at the end, -1 when there is no good end, see <see cref="State"/>.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (IsRead) return 0;
        if (_kind == BodyKind.Length && buffer.Length > _left) buffer = buffer[..(int)_left];
        var count = await NextAsync(buffer).ConfigureAwait(false);
        if (count <= 0) return Fail(BodyState.ClientGone);
        if (_kind == BodyKind.Length)
        {
            _left -= count;
            IsRead = _left == 0;
            return count;
        }

        var used = _chunks.Read(buffer.Span[..count]);
        if (_chunks.IsBad) return Fail(BodyState.Malformed);
        if (_chunks.Announced > _most) return Fail(BodyState.TooLarge);
        IsRead = _chunks.IsDone;
        if (used < count) client.PutBack(buffer.Span[used..count]);
        return used;
    }

    public void End()
    {
        if (_kept is null) return;
        ArrayPool<byte>.Shared.Return(_kept);
        _kept = null;
    }

    private void BeginLength()
    {
        if (_left > _most)
        {
            State = BodyState.TooLarge;
        }
        else if (_left <= client.Buffered.Length)
        {
            // Stays where it is: the connection's buffer is not touched before the next request.
            Whole = client.Buffered[..(int)_left];
            client.Consume((int)_left);
            IsRead = IsWhole = true;
        }
    }

    private async ValueTask<BodyState> CollectLengthAsync()
    {
        _kept = ArrayPool<byte>.Shared.Rent((int)_left);
        var length = (int)_left;
        for (var filled = 0; filled < length;)
        {
            var count = await ReadAsync(_kept.AsMemory(filled, length - filled)).ConfigureAwait(false);
            if (count < 0) return State;
            filled += count;
        }
        Whole = _kept.AsMemory(0, length);
        IsRead = IsWhole = true;
        return BodyState.Fine;
    }

    private void BeginChunked()
    {
        _chunks.Clear();
        var buffered = client.Buffered;
        var used = _chunks.Read(buffered.Span);
        if (_chunks.IsBad) State = BodyState.Malformed;
        else if (_chunks.Announced > _most) State = BodyState.TooLarge;
        else if (_chunks.IsDone)
        {
            Whole = buffered[..used];
            client.Consume(used);
            IsRead = IsWhole = true;
        }
        else
        {
            _chunks.Clear();
        }
    }

    private ValueTask<int> NextAsync(Memory<byte> buffer)
    {
        if (!_expects || client.Buffered.Length > 0) return client.ReadBodyAsync(buffer);
        _expects = false;
        return client.ContinueThenReadAsync(buffer);
    }

    private int Fail(BodyState state)
    {
        State = state;
        return -1;
    }
}
