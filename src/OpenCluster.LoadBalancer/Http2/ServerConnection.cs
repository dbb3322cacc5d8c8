using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Messages;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2;

/// <summary>
/// The server's side of a connection. Each request is handed to a <see cref="ServedStream"/>, a transport that looks to its user like a connection
/// of HTTP/1.1 on which one request follows the other; they are made as needed, and wait for the next request when they have answered one.
/// </summary>
/// <param name="serve">Takes a new transport and begins to receive from it before it returns.</param>
/// <param name="refused">Told of each request that was refused as malformed, with the reason.</param>
internal sealed class ServerConnection(
    Transport transport, ReadOnlyMemory<byte> received, TimeKeeper keeper, Http2Times times, Action<ServedStream> serve, Action<string> refused)
    : Http2Connection(transport, received, keeper, times)
{
    /// <summary>What a client sends first, RFC 9113 §3.4.</summary>
    public static ReadOnlyMemory<byte> ClientPreface { get; } = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>
    /// Users that work, open streams and those that the client has given up: as many again may still be busy with what nobody wants any more
    /// before new requests are refused.
    /// </summary>
    private const int Busy = 2 * Http2Limits.Streams;

    /// <summary>Composers are needed only while a block is decoded, which nothing interrupts.</summary>
    [ThreadStatic]
    private static RequestComposer? _composer;
    [ThreadStatic]
    private static TrailerComposer? _trailers;

    private readonly List<ServedStream> _resting = [];
    private int _users;
    private bool _isGoing;
    private int _lastServed = int.MaxValue;

    /// <summary>Whether what a connection begins with can only be meant as HTTP/2; the parser of HTTP/1.1 stops at the end of its first line.</summary>
    public static bool IsPreface(ReadOnlySpan<byte> received) =>
        received.Length >= 16 && received[..Math.Min(received.Length, ClientPreface.Length)].SequenceEqual(ClientPreface.Span[..Math.Min(received.Length, ClientPreface.Length)]);

    protected override ReadOnlyMemory<byte> Preface => ClientPreface;

    /// <summary>
    /// Ends it without loss (§6.8): says that it will end, still takes what is on its way until the client has heard that, then says which stream
    /// was the last, and closes when all are answered.
    /// </summary>
    public void Drain()
    {
        lock (Gate)
        {
            if (_isGoing) return;
            _isGoing = true;
            Out.Frames.GoAway(int.MaxValue, ErrorCode.NoError, default);
            Out.Frames.Frame(FrameType.Ping, FrameFlags.None, 0, "draining"u8);
        }
        Out.FlushSoon();
    }

    /// <summary>Says for good that no further stream is served; closes when none is left.</summary>
    public void EndDraining()
    {
        bool closes;
        lock (Gate)
        {
            if (_lastServed == int.MaxValue)
            {
                _lastServed = LastRemoteId;
                Out.Frames.GoAway(_lastServed, ErrorCode.NoError, default);
            }
            closes = OpenStreams == 0;
        }
        if (closes) Out.WhenSent(Close);
    }

    /// <summary>A user waits for its next request. Under the gate.</summary>
    public void Rest(ServedStream stream) => _resting.Add(stream);

    /// <summary>An answer is out. Under the gate.</summary>
    public void Answered() => Guard.Answered();

    /// <summary>A user is gone. Under the gate.</summary>
    public void Left(ServedStream stream)
    {
        _users--;
        _resting.Remove(stream);
    }

    protected override void WriteGreeting(FrameBuffer to)
    {
        Span<byte> payload = stackalloc byte[5 * Settings.EntryBytes];
        Settings.Write(payload, SettingId.MaxConcurrentStreams, Http2Limits.Streams);
        Settings.Write(payload[6..], SettingId.InitialWindowSize, Http2Limits.StreamWindow);
        Settings.Write(payload[12..], SettingId.MaxHeaderListSize, Http2Limits.BlockBytes);
        Settings.Write(payload[18..], SettingId.EnableConnectProtocol, 1);
        Settings.Write(payload[24..], SettingId.NoRfc7540Priorities, 1);
        to.Frame(FrameType.Settings, FrameFlags.None, 0, payload);
    }

    protected override bool WasOpen(int streamId) => (streamId & 1) == 1 && streamId <= LastRemoteId;

    protected override void OnPong()
    {
        if (_isGoing) EndDraining();
    }

    protected override void OnGoAway(int lastStreamId, ErrorCode code)
    {
        // The client opens no more streams; those that are open are answered, then it closes.
    }

    protected override void OnRemoved()
    {
        if (_lastServed == int.MaxValue || OpenStreams > 0) return;
        // The last answer is still to be sent.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.EndDraining(), this, preferLocal: false);
    }

    protected override void OnClosed()
    {
        ServedStream[] resting;
        lock (Gate) resting = [.. _resting];
        foreach (var stream in resting) stream.Dispose();
    }

    protected override bool TakeHead(int streamId, bool ends, ReadOnlySpan<byte> block, bool dependsOnItself)
    {
        if ((streamId & 1) == 0) return Fail(ErrorCode.ProtocolError, "a request on a stream of even number");
        if (streamId <= LastRemoteId) return TakeTrailers(streamId, ends, block);
        LastRemoteId = streamId;
        var request = _composer ??= new RequestComposer();
        request.Clear();
        if (!TryDecode(block, request)) return false;
        // After the last GOAWAY the client knows that it is not served and asks elsewhere.
        if (streamId > _lastServed) return true;
        request.End(ends);
        if (request.Malformed is not null || dependsOnItself)
        {
            refused(request.Malformed ?? "a stream that depends on itself");
            return Refuse(streamId, ErrorCode.ProtocolError);
        }
        return Serve(streamId, request, ends);
    }

    private bool Serve(int streamId, RequestComposer request, bool ends)
    {
        ServedStream? stream;
        lock (Gate)
        {
            if (OpenStreams >= Http2Limits.Streams || _users - _resting.Count >= Busy) return Refuse(streamId, ErrorCode.RefusedStream);
            stream = TryBegin(streamId, request, ends);
            if (stream is null) _users++;
        }
        if (stream is null)
        {
            // It runs until it waits for its first request, on this very thread, before the composer is used again.
            serve(new ServedStream(this));
            lock (Gate) stream = TryBegin(streamId, request, ends);
            if (stream is null) return Refuse(streamId, ErrorCode.RefusedStream);
        }
        WakeSoon(stream);
        return true;
    }

    /// <summary>Gives the request to a user that waits for one, the last first: its memory is still in the processor's cache.</summary>
    private ServedStream? TryBegin(int streamId, RequestComposer request, bool ends)
    {
        if (_resting.Count == 0) return null;
        var stream = _resting[^1];
        _resting.RemoveAt(_resting.Count - 1);
        Open(streamId, stream);
        stream.Begin(streamId, request, ends);
        return stream;
    }

    /// <summary>A second field block on a stream: trailers, which end it (§8.1).</summary>
    private bool TakeTrailers(int streamId, bool ends, ReadOnlySpan<byte> block)
    {
        var trailers = _trailers ??= new TrailerComposer();
        trailers.Clear();
        if (!TryDecode(block, trailers)) return false;
        Http2Stream? stream;
        ErrorCode error;
        lock (Gate)
        {
            if (!TryFind(streamId, out stream))
                return WasReset(streamId) || Fail(ErrorCode.StreamClosed, "HEADERS for a stream that has ended");
            error = stream.HasRemoteEnded ? ErrorCode.StreamClosed
                : !ends || trailers.IsMalformed ? ErrorCode.ProtocolError
                : stream.DeliverEnd(trailers.Lines);
            if (error != ErrorCode.NoError)
            {
                Reset(stream, error);
                stream.Lose(new StreamLostException("malformed trailers", wasProcessed: true));
            }
        }
        WakeSoon(stream);
        return error == ErrorCode.NoError || Guard.Error(Keeper.NowMs) || Fail(ErrorCode.EnhanceYourCalm, "too many faulty streams");
    }
}
