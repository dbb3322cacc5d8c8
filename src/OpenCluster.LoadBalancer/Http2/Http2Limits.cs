using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Frames;

namespace OpenCluster.LoadBalancer.Http2;

/// <summary>What one connection may take of us. Each bound protects memory or time of all the others.</summary>
internal static class Http2Limits
{
    /// <summary>Streams at once from one client. Each is a request in flight: about 70 KiB while its target is asked.</summary>
    public const int Streams = 128;

    /// <summary>Bytes a stream may have sent that nobody has taken: what an upload can bring per round trip.</summary>
    public const int StreamWindow = 256 * 1024;

    /// <summary>The same for all streams of a connection together: the most memory a connection's bodies take.</summary>
    public const int ConnectionWindow = 1024 * 1024;

    /// <summary>Frames larger than this are refused; it is what may be sent without being asked.</summary>
    public const int FrameBytes = Settings.DefaultFrameBytes;

    /// <summary>One field block as sent, over all its CONTINUATION frames. What it decodes to is bounded like a head of HTTP/1.1.</summary>
    public const int BlockBytes = HeadLimits.HeadBytes;

    /// <summary>CONTINUATION frames of one block; none need be smaller than 16 KiB.</summary>
    public const int Continuations = 8;

    /// <summary>DATA is added to what is to be sent while less than this waits: enough to fill a send, little enough that others get their turn.</summary>
    public const int DataWaiting = 64 * 1024;

    /// <summary>While more than this waits to be sent, nothing is read: who does not take answers gets to ask nothing.</summary>
    public const int MostWaiting = 256 * 1024;

    /// <summary>Ids of streams we reset that are remembered: frames for them are on their way and no error.</summary>
    public const int RememberedResets = 128;
}

/// <summary>How long the other side of a connection may take.</summary>
/// <param name="Block">From a field block's first byte to its last; from the connection's first byte to the first SETTINGS.</param>
/// <param name="Idle">Without a stream.</param>
/// <param name="Send">Without taking what is sent.</param>
internal sealed record Http2Times(TimeSpan Block, TimeSpan Idle, TimeSpan Send);
