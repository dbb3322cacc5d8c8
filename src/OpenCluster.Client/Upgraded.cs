using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace OpenCluster.Client;

/// <summary>A connection to a load-balancer that has left HTTP (RFC 9110 §7.8).</summary>
internal static class Upgraded
{
    private const int MostHeadBytes = 16 * 1024;

    /// <exception cref="IOException">It was refused.</exception>
    /// <exception cref="SocketException"/>
    public static async Task<Stream> OpenAsync(Uri balancer, string path, string token, string protocol, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(balancer.Host, balancer.Port, ct).ConfigureAwait(false);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (balancer.Scheme == Uri.UriSchemeHttps)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = balancer.Host }, ct).ConfigureAwait(false);
            }
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {balancer.Authority}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"), ct).ConfigureAwait(false);
            var head = await ReadHeadAsync(stream, ct).ConfigureAwait(false);
            if (!head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal)) throw new IOException($"{balancer} answered \"{head.Split('\r')[0]}\".");
            return stream;
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Byte by byte: what follows the head is no longer HTTP's.</summary>
    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken ct)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < MostHeadBytes && !(head.Length >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n'))
        {
            if (await stream.ReadAsync(one, ct).ConfigureAwait(false) == 0) throw new IOException("The load-balancer closed the connection.");
            head.Append((char)one[0]);
        }
        return head.ToString();
    }
}
