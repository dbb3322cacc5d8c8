using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>The connecting side of TLS between peers: we show our certificate, and accept the one whose fingerprint the snapshot lists, no other.</summary>
internal static class PeerTls
{
    /// <exception cref="SocketException"/>
    /// <exception cref="AuthenticationException">Somebody else answers there.</exception>
    public static async ValueTask<(Socket Socket, SslStream Stream)> ConnectAsync(Peer peer, PeerIdentity identity, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(peer.Address), peer.Port), ct).ConfigureAwait(false);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = peer.Balancer,
                    ClientCertificates = [identity.Certificate],
                    // The store of trusted authorities has no say here, so the certificate's purposes are not asked for either.
                    LocalCertificateSelectionCallback = (_, _, _, _, _) => identity.Certificate,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && PeerIdentity.FingerprintOf(shown) == peer.Fingerprint,
                },
                ct).ConfigureAwait(false);
            return (socket, tls);
        }
        catch
        {
            if (tls is not null) await tls.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }
}
