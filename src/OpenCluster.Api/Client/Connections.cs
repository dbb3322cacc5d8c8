using System.Net.Sockets;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Api.Client;

/// <summary>
/// How a controller is reached: over TLS, where who answers is judged by the cluster's own roots. Plain HTTP is spoken with this machine
/// alone, because a token would go with it.
/// </summary>
internal static class Connections
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(2);

    /// <summary>Connections are made anew so often, so that a renewed certificate is shown long before the old one ends. Streams are not cut.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromHours(1);

    public static HttpClient Client(Uri url, TimeProvider time, Func<Credentials>? credentials)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTime,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = ConnectionLife,
            UseProxy = false,
        };
        if (url.Scheme == Uri.UriSchemeHttps)
        {
            if (credentials is null) throw new IOException($"{url} speaks TLS, and the cluster's roots are not known here. Log in with `opencluster login`, or name them with --roots FILE.");
            handler.ConnectCallback = (context, ct) => DialAsync(context, credentials(), time, ct);
        }
        else if (!url.IsLoopback)
        {
            throw new IOException($"{url} is not https: a token would be sent in the clear. Give the controller's https URL.");
        }

        return new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>A client that believes whoever answers, for fetching what can be checked by itself.</summary>
    public static HttpClient Unverified(Uri url, TimeProvider time) => new(new SocketsHttpHandler
    {
        ConnectTimeout = ConnectTime,
        UseProxy = false,
        ConnectCallback = (context, ct) => DialAsync(context, null, time, ct),
    })
    { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };

    private static async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, Credentials? credentials, TimeProvider time, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, ct).ConfigureAwait(false);
            var connection = new NetworkStream(socket, ownsSocket: true);
            // A handler that is given a stream of TLS uses it as it is.
            return await ClientTls.CallAsync(connection, credentials, PartKind.Controller, time, ct).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
