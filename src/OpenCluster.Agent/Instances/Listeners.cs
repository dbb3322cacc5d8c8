using System.Globalization;
using System.Net;
using OpenCluster.Agent.Processes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Agent.Instances;

/// <summary>
/// Who listens where on this machine, from /proc/net. Reading is exact and disturbs nobody; trying to bind instead would say "free" to a
/// port that another process shares by SO_REUSEPORT, and would be in the way for a moment.
/// </summary>
internal static class Listeners
{
    private const string Listening = "0A", UdpOpen = "07";

    /// <summary>Inode of the socket that is in the way of listening at this address and port; null when it is free.</summary>
    public static string? InTheWay(IPAddress address, int port, PortProtocol protocol)
    {
        var (name, state) = protocol is PortProtocol.Udp ? ("udp", UdpOpen) : ("tcp", Listening);
        foreach (var file in (string[])[$"/proc/net/{name}", $"/proc/net/{name}6"])
        {
            if (!File.Exists(file)) continue;
            foreach (var line in File.ReadLines(file).Skip(1))
            {
                var f = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (f.Length < 10 || f[3] != state || !Matches(f[1], address, port)) continue;
                return f[9];
            }
        }
        return null;
    }

    /// <summary>"nginx (pid 123)", as far as we may look.</summary>
    public static string Holder(string inode)
    {
        var link = $"socket:[{inode}]";
        foreach (var process in ProcFs.All())
        {
            try
            {
                if (Directory.EnumerateFiles($"/proc/{process.Pid}/fd").Any(fd => new FileInfo(fd).LinkTarget == link))
                    return $"{ProcFs.Name(process.Pid)} (pid {process.Pid})";
            }
            catch (Exception hidden) when (hidden is UnauthorizedAccessException or IOException)
            {
                continue; // another user's process, or one that has gone
            }
        }
        return "a process of another user";
    }

    private static bool Matches(string local, IPAddress address, int port)
    {
        var colon = local.IndexOf(':');
        if (int.Parse(local.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) != port) return false;
        var bound = Address(local[..colon]);
        return bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Any) || bound.Equals(address);
    }

    // Hex in the machine's byte order, one 32-bit word after the other.
    private static IPAddress Address(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        if (BitConverter.IsLittleEndian)
            for (var word = 0; word < bytes.Length; word += 4) Array.Reverse(bytes, word, 4);
        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
