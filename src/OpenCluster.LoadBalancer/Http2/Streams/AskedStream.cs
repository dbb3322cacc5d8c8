using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Messages;

namespace OpenCluster.LoadBalancer.Http2.Streams;

/// <summary>The client's side of streams: requests go out, answers come in.</summary>
internal sealed class AskedStream(AskingConnection connection) : Http2Stream(connection)
{
    private readonly RequestHead _request = new();
    private bool _toHead;
    private bool _hasAnswer;

    /// <summary>The final answer's head has not come: the next field block is a head, not trailers.</summary>
    public bool AwaitsHead => !_hasAnswer;

    /// <summary>A head has come on its stream; the error when the stream must be reset. Under the gate; then <see cref="Http2Stream.Wake"/>.</summary>
    public ErrorCode TakeHead(AnswerComposer answer, bool ends)
    {
        answer.End(ends, _toHead);
        if (answer.Malformed is not null) return ErrorCode.ProtocolError;
        _hasAnswer = answer.Status >= 200;
        var hasBody = _hasAnswer && !ends && !_toHead && answer.Status is not (204 or 304);
        var framing = !hasBody ? BodyKind.None : answer.IsChunked ? BodyKind.Chunked : BodyKind.Length;
        Incoming.Begin(answer.Head, framing, framing == BodyKind.Length ? answer.ContentLength : -1);
        return ends ? DeliverEnd(default) : ErrorCode.NoError;
    }

    /// <summary>An answer that is whole stays so: the reset only says that the rest of the request is not wanted (RFC 9113 §8.1).</summary>
    public override void OnReset(ErrorCode code)
    {
        if (!HasRemoteEnded)
        {
            base.OnReset(code);
            return;
        }
        Abandon();
        connection.Remove(this);
    }

    protected override void Rest()
    {
        // Nothing comes before the next request is sent; on a connection that ends there will be none.
        if (connection.IsGoing) Sever();
    }

    protected override void BeforeSend()
    {
        if (Id == 0 && Incoming.IsDelivered) Renew();
    }

    protected override int SendHead(ReadOnlySpan<byte> text)
    {
        _request.Clear();
        if (_request.Parse(text) != HeadStatus.Complete) throw new IOException("a request must begin with its whole head");
        if (_request.Upgrades) throw new IOException("over HTTP/2 it takes no upgrades");
        connection.Begin(this);
        _toHead = _request.Method == RequestMethod.Head;
        _hasAnswer = false;

        var ends = _request.Body == BodyKind.None;
        var frames = Connection.Out.Frames;
        var start = frames.Length;
        frames.Free(FrameHeader.Bytes);
        frames.Advance(FrameHeader.Bytes);
        HeadEncoder.Request(frames, Connection.Out.Encoder, _request, text, connection.IsSecure, default);
        frames.EndFieldBlock(start, Id, ends ? FrameFlags.EndStream : FrameFlags.None);
        AtHead = false;
        Unframer.Begin(_request.Body, _request.ContentLength);
        if (ends) EndLocal();
        return _request.Length;
    }

    protected override void OnSent()
    {
        // The answer is still to come.
    }

    protected override void OnDisposed() => connection.Left();
}
