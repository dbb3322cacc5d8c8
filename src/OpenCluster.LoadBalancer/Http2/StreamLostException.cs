using OpenCluster.LoadBalancer.Http2.Frames;

namespace OpenCluster.LoadBalancer.Http2;

/// <summary>A stream ended before its exchange did: reset by the other side, or lost with its connection.</summary>
/// <param name="wasProcessed">False when the other side says, or it is certain, that it did nothing with the request: it may be sent again.</param>
internal sealed class StreamLostException(string what, bool wasProcessed) : IOException(what)
{
    public bool WasProcessed => wasProcessed;

    public static StreamLostException Reset(ErrorCode code) => code switch
    {
        ErrorCode.RefusedStream => new("stream refused", wasProcessed: false),
        ErrorCode.Cancel => new("stream cancelled", wasProcessed: true),
        _ => new($"stream reset, error {(uint)code}", wasProcessed: true),
    };
}
