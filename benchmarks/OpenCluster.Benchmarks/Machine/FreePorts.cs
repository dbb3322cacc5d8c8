using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Benchmarks.Machine;

internal static class FreePorts
{
    /// <summary>Loopback ports nobody listens at now. All are held until all are known, so that none comes twice.</summary>
    public static int[] Take(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var socket in sockets) socket.Start();
        var ports = sockets.Select(s => ((IPEndPoint)s.LocalEndpoint).Port).ToArray();
        foreach (var socket in sockets) socket.Dispose();
        return ports;
    }
}
