using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace OpenCluster.Laptop;

/// <summary>
/// Addresses for the servers of a cluster on one machine: each has a loopback address of its own (127.x.y.N), so that ports stay as
/// written in the file and nothing is reachable from outside. x and y come from the cluster's directory, so they stay the same
/// from run to run, and two clusters do not meet.
/// </summary>
internal static class LoopbackNetwork
{
    private const string FileName = "network";
    private const int MostTries = 64;

    /// <summary>The network of this directory, <c>127.x.y</c>; chosen at first, kept afterwards.</summary>
    /// <param name="probePort">A port the cluster will use; a network where it is taken is somebody else's.</param>
    public static string Of(string directory, int probePort)
    {
        var file = Path.Combine(directory, FileName);
        if (File.Exists(file)) return File.ReadAllText(file).Trim();
        var network = Choose(directory, probePort);
        File.WriteAllText(file, network + "\n");
        return network;
    }

    private static string Choose(string directory, int probePort)
    {
        for (var attempt = 0; attempt < MostTries; attempt++)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{directory}#{attempt}"));
            // 127.0.y and 127.255.y are left to others; 1 to 254 keeps clear of both.
            var network = $"127.{1 + hash[0] % 254}.{hash[1]}";
            if (IsFree(IPAddress.Parse(network + ".1"), probePort)) return network;
        }

        throw new IOException($"No free loopback network was found in {MostTries} tries. Other clusters seem to fill this machine: `ss -ltnp | grep 127.` lists who listens.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
