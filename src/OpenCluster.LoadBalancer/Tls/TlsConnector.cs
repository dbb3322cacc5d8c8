using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>Targets by TLS. Its certificate is checked unless the owner has said that it need not be.</summary>
/// <param name="protocols">Asked for by ALPN; empty to ask for none.</param>
internal sealed class TlsConnector(IPEndPoint to, TargetTls rule, FileValue<Authorities>? authorities, SslApplicationProtocol[] protocols) : TargetConnector
{
    private (Authorities? Of, SslClientAuthenticationOptions Options)? _made;

    public override Transport Create() => Create(default);

    public override Transport Create(ReadOnlyMemory<byte> preface) => new TlsTransport(new SocketTransport(to, preface), Options());

    private SslClientAuthenticationOptions Options()
    {
        var now = authorities?.Current;
        if (_made is { } made && made.Of == now) return made.Options;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = rule.Name ?? to.Address.ToString(),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = protocols.Length > 0 ? [.. protocols] : null,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
            CertificateChainPolicy = now?.Policy(ofClients: false),
            RemoteCertificateValidationCallback = (_, _, _, errors) => errors == SslPolicyErrors.None || !rule.Verify,
        };
        _made = (now, options);
        return options;
    }
}
