using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Messages;

namespace OpenCluster.LoadBalancer.Http2.Streams;

/// <summary>The server's side of streams: requests come in, answers go out.</summary>
internal sealed class ServedStream(ServerConnection connection) : Http2Stream(connection)
{
    private readonly ResponseHead _answer = new();
    private bool _toHead;
    private bool _asksForTunnel;

    /// <summary>A request has come on a new stream. Under the gate; then <see cref="Http2Stream.Wake"/>.</summary>
    public void Begin(int id, RequestComposer request, bool ends)
    {
        Attach(id, ends);
        _toHead = request.IsHead;
        var framing = request.IsTunnel ? BodyKind.UntilClose : ends ? BodyKind.None : request.IsChunked ? BodyKind.Chunked : BodyKind.Length;
        Incoming.Begin(request.Head, framing, framing == BodyKind.Length ? request.ContentLength : -1);
        _asksForTunnel = request.IsTunnel;
        if (ends) Incoming.TryEnd(default);
    }

    /// <summary>A request given up before its user has seen it costs nothing more: whoever sends many of those gets little for it.</summary>
    public override void OnReset(ErrorCode code)
    {
        if (HasGiven)
        {
            base.OnReset(code);
            return;
        }
        connection.Taken(Incoming.Clear());
        connection.Remove(this);
        Rest();
    }

    protected override void Rest() => connection.Rest(this);

    protected override int SendHead(ReadOnlySpan<byte> text)
    {
        _answer.Clear();
        if (_answer.Parse(text, _toHead) != HeadStatus.Complete) throw new IOException("an answer must begin with its whole head");
        var switches = _answer.Status == 101;
        if (switches && !_asksForTunnel) throw new IOException("an upgrade that nobody asked for");
        var isFinal = _answer.Status >= 200 || switches;
        var ends = isFinal && !switches && _answer.Body == BodyKind.None;

        var frames = Connection.Out.Frames;
        var start = frames.Length;
        frames.Free(FrameHeader.Bytes);
        frames.Advance(FrameHeader.Bytes);
        HeadEncoder.Answer(frames, Connection.Out.Encoder, _answer, text, switches);
        frames.EndFieldBlock(start, Id, ends ? FrameFlags.EndStream : FrameFlags.None);

        AtHead = !isFinal;
        IsTunnel = switches;
        if (isFinal && !switches) Unframer.Begin(_answer.Body, _answer.ContentLength);
        if (ends) EndLocal();
        return _answer.Length;
    }

    protected override void OnSent()
    {
        if (IsTunnel) return;
        connection.Answered();
        // §8.1: the answer is whole, and what is still to come of the request nobody wants.
        if (!HasRemoteEnded) connection.Reset(this, ErrorCode.NoError);
        if (!Incoming.IsDelivered) Sever();
    }

    protected override void OnDisposed() => connection.Left(this);
}
