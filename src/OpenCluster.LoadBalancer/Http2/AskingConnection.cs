using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Messages;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Http2;

/// <summary>
/// The client's side of a connection: many requests at once, each through an <see cref="AskedStream"/>, which is handed out while the other side
/// allows more streams. Once it says that it goes, none are; what it has not processed may be sent elsewhere.
/// </summary>
/// <param name="isSecure">The transport is TLS: for the scheme of requests.</param>
internal sealed class AskingConnection(Transport transport, bool isSecure, TimeKeeper keeper, Http2Times times) : Http2Connection(transport, default, keeper, times)
{
    /// <summary>Streams at once until the other side says how many, and at most: RFC 9113 §6.5.2 asks servers to allow a hundred.</summary>
    private const int MostStreams = 100;

    /// <summary>A silent connection may be dead without anybody knowing: how long the answer to a PING may take.</summary>
    private static readonly TimeSpan PongWithin = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static AnswerComposer? _composer;
    [ThreadStatic]
    private static TrailerComposer? _trailers;

    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nextId = 1;
    private int _users;
    private long _pongDueMs = long.MaxValue;

    public bool IsSecure => isSecure;

    /// <summary>No more streams are opened on it.</summary>
    public bool IsGoing { get; private set; }

    protected override ReadOnlyMemory<byte> Preface => default;

    /// <summary>
    /// Completes when the other side has told of itself: then it does speak HTTP/2, and how many streams it takes is known. Requests could be sent
    /// before (RFC 9113 §3.4), but a burst of them would be refused by whoever takes few.
    /// </summary>
    /// <exception cref="IOException">It did not.</exception>
    public Task Greeted => _greeted.Task;

    /// <summary>A transport for requests on this connection; null when it has as many as it may, or goes.</summary>
    public AskedStream? TryTake()
    {
        lock (Gate)
        {
            if (IsGoing || IsClosed || _users >= Math.Min(MostStreams, Remote.MaxConcurrentStreams)) return null;
            _users++;
            return new AskedStream(this);
        }
    }

    /// <summary>Gives a request its stream. Under the gate.</summary>
    /// <exception cref="StreamLostException">There can be no more; the request may be sent elsewhere.</exception>
    public void Begin(AskedStream stream)
    {
        if (IsGoing || IsClosed || OpenStreams >= Remote.MaxConcurrentStreams) throw new StreamLostException("the connection takes no more streams", wasProcessed: false);
        stream.Attach(_nextId, remoteHasEnded: false);
        Open(_nextId, stream);
        _nextId += 2;
        // Long before the ids are used up.
        if (_nextId > int.MaxValue - 1000) IsGoing = true;
    }

    /// <summary>A user is gone. Under the gate.</summary>
    public void Left() => _users--;

    /// <summary>Asks for a sign of life, after a request that was given up without an answer. Under the gate.</summary>
    public override void Reset(Http2Stream stream, ErrorCode code)
    {
        if (stream is AskedStream { AwaitsHead: true } && _pongDueMs == long.MaxValue)
        {
            Out.Frames.Frame(FrameType.Ping, FrameFlags.None, 0, "alive???"u8);
            Volatile.Write(ref _pongDueMs, Keeper.NowMs + (long)PongWithin.TotalMilliseconds);
        }
        base.Reset(stream, code);
    }

    internal override bool IsDue(long nowMs) => base.IsDue(nowMs) || nowMs >= Volatile.Read(ref _pongDueMs);

    internal override void Expire()
    {
        if (Keeper.NowMs >= Volatile.Read(ref _pongDueMs)) Close();
        else base.Expire();
    }

    protected override void WriteGreeting(FrameBuffer to)
    {
        var preface = ServerConnection.ClientPreface.Span;
        preface.CopyTo(to.Free(preface.Length));
        to.Advance(preface.Length);
        Span<byte> payload = stackalloc byte[3 * Settings.EntryBytes];
        Settings.Write(payload, SettingId.EnablePush, 0);
        Settings.Write(payload[6..], SettingId.InitialWindowSize, Http2Limits.StreamWindow);
        Settings.Write(payload[12..], SettingId.MaxHeaderListSize, Http2Limits.BlockBytes);
        to.Frame(FrameType.Settings, FrameFlags.None, 0, payload);
    }

    protected override bool WasOpen(int streamId) => (streamId & 1) == 1 && streamId < _nextId;

    protected override void OnSettings() => _greeted.TrySetResult();

    protected override void OnClosed() => _greeted.TrySetException(new IOException($"no HTTP/2 came from it: {Fault ?? "it closed the connection"}"));

    protected override void OnPong() => Volatile.Write(ref _pongDueMs, long.MaxValue);

    protected override void OnRemoved() => CloseIfDone();

    protected override void OnGoAway(int lastStreamId, ErrorCode code)
    {
        List<Http2Stream> unseen = [];
        lock (Gate)
        {
            IsGoing = true;
            foreach (var stream in AllStreams())
            {
                if (stream.Id <= lastStreamId) continue;
                stream.Lose(new StreamLostException("the connection ended before the request was seen", wasProcessed: false));
                unseen.Add(stream);
            }
            CloseIfDone();
        }
        foreach (var stream in unseen) WakeSoon(stream);
    }

    protected override bool TakeHead(int streamId, bool ends, ReadOnlySpan<byte> block, bool dependsOnItself)
    {
        AskedStream? stream = null;
        bool isHead;
        lock (Gate)
        {
            if (TryFind(streamId, out var open)) stream = (AskedStream)open;
            isHead = stream?.AwaitsHead ?? false;
        }
        var answer = _composer ??= new AnswerComposer();
        var trailers = _trailers ??= new TrailerComposer();
        answer.Clear();
        trailers.Clear();
        if (!TryDecode(block, isHead ? answer : trailers)) return false;
        if (stream is null)
            return WasReset(streamId) || (WasOpen(streamId) ? Fail(ErrorCode.StreamClosed, "HEADERS for a stream that has ended") : Fail(ErrorCode.ProtocolError, "HEADERS for a stream that was never opened"));
        lock (Gate)
        {
            if (stream.Id != streamId) return true;
            var error = stream.HasRemoteEnded ? ErrorCode.StreamClosed
                : isHead ? stream.TakeHead(answer, ends)
                : !ends || trailers.IsMalformed ? ErrorCode.ProtocolError
                : stream.DeliverEnd(trailers.Lines);
            if (error != ErrorCode.NoError)
            {
                Reset(stream, error);
                stream.Lose(new StreamLostException("its answer is malformed", wasProcessed: true));
            }
        }
        WakeSoon(stream);
        return true;
    }

    private void CloseIfDone()
    {
        // Not here, where the gate is held. What was received and not taken yet stays with those who wait for it.
        if (IsGoing && OpenStreams == 0) ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.Close(), this, preferLocal: false);
    }
}
