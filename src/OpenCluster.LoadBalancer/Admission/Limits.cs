using OpenCluster.Sockets;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>How long and how much a client may take. Each bound protects the others' share of sockets and memory.</summary>
internal static class Limits
{
    /// <summary>
    /// Connections of clients at once; beyond that new ones are answered 503. Two thirds of the open files this process may have: each takes one, and
    /// the rest is for targets, of which fewer are needed, since an idle client has none. Each costs about 7 KiB.
    /// </summary>
    public static readonly int Connections = (int)Math.Min(Kernel.OpenFiles() * 2 / 3, 1_000_000);

    /// <summary>From a head's first byte to its last.</summary>
    public static readonly TimeSpan Head = TimeSpan.FromSeconds(10);

    /// <summary>Between two requests on a connection.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(75);

    /// <summary>Without a byte of a body that is to come.</summary>
    public static readonly TimeSpan BodySilence = TimeSpan.FromSeconds(30);

    /// <summary>The slowest that bodies may come on average, bytes per second, not counting time that a target takes for them: a phone with one bar is faster.</summary>
    public const int BodyBytesPerSecond = 240;

    /// <summary>
    /// How long the next piece of a body may take. A byte now and then does not hold a connection for ever: silence is limited, and beyond
    /// that each body has as long as it would take at <see cref="BodyBytesPerSecond"/>.
    /// </summary>
    /// <param name="bytes">Received of this body.</param>
    /// <param name="waitedMs">Waited for them.</param>
    public static TimeSpan Body(long bytes, long waitedMs)
    {
        var left = BodySilence + TimeSpan.FromSeconds(bytes / BodyBytesPerSecond) - TimeSpan.FromMilliseconds(waitedMs);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < BodySilence ? left : BodySilence;
    }

    /// <summary>Without the client taking a piece of the answer.</summary>
    public static readonly TimeSpan SendSilence = TimeSpan.FromSeconds(30);

    /// <summary>Without a byte from a target in the midst of an answer of known length: it has all of it, or should fail.</summary>
    public static readonly TimeSpan AnswerSilence = TimeSpan.FromSeconds(30);

    /// <summary>The same for an answer that ends when it ends: event streams are silent for minutes.</summary>
    public static readonly TimeSpan StreamSilence = TimeSpan.FromMinutes(5);

    /// <summary>From the start of a connection until its PROXY header, its TLS handshake or its ClientHello has come.</summary>
    public static readonly TimeSpan Greeting = TimeSpan.FromSeconds(10);

    /// <summary>Connections that are at it at one time; more are closed at once. Each handshake takes up to a millisecond of a core, and 30 KiB.</summary>
    public const int Greetings = 2000;

    /// <summary>Sessions of UDP at one time and listener; datagrams of further clients are dropped. Each costs 1 KiB and a file descriptor.</summary>
    public const int DatagramSessions = 4000;

    /// <summary>Without a byte either way on an upgraded connection.</summary>
    public static readonly TimeSpan TunnelSilence = TimeSpan.FromHours(1);

    /// <summary>For WebSockets to be told that this process ends, and for their ends to answer and close.</summary>
    public static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    /// <summary>Reading on after the last answer, for the client to take it.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);
    public const int LingerBytes = 1 << 20;

    /// <summary>While draining, a connection silent this long is closed; until then its next request is answered and told to close.</summary>
    public static readonly TimeSpan DrainIdle = TimeSpan.FromMilliseconds(500);
}
