using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Handover;

/// <summary>
/// Where the process that serves and the one that is to take over meet. What they say, one packet each: <c>listeners 1</c> asks; the answer
/// is the listeners' names, a line each, for people, with their descriptors, of TCP and UDP; <c>drain</c> says that the new one accepts, and is answered
/// <c>draining</c>. If the new one dies before <c>drain</c>, nothing has happened.
/// </summary>
internal static class HandoverPath
{
    public const string Ask = "listeners 1";
    public const string Drain = "drain";
    public const string Draining = "draining";

    /// <summary>Neither side lets the other wait longer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static string Of(string directory) => Path.Combine(directory, "handover.sock");

    public static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);

    public static void Limit(Socket socket) => socket.ReceiveTimeout = socket.SendTimeout = (int)Patience.TotalMilliseconds;
}
