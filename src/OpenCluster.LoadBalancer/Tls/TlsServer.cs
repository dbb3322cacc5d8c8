using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>
/// How one listener shakes hands: TLS 1.2 and 1.3 with the ciphers of the system's OpenSSL, the certificate by the host asked for, HTTP's version
/// by ALPN, sessions resumed by tickets, and a client certificate asked for when the listener has authorities for them.
/// </summary>
internal sealed class TlsServer
{
    private const string HttpsOnlyText = "400 Bad Request\nHere only HTTPS is spoken, not HTTP.\n";
    private static readonly byte[] HttpsOnly = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: {HttpsOnlyText.Length}\r\n\r\n{HttpsOnlyText}");

    private readonly TlsStore _store;
    private readonly string? _otherwise;
    private readonly FileValue<Authorities>? _clients;
    private readonly ServerOptionsSelectionCallback _choose;

    // OpenSSL's context, with the keys of its session tickets, belongs to the options' certificate context: made anew, no session could be resumed.
    private readonly ConditionalWeakTable<LoadedCertificate, Prepared> _prepared = [];

    public TlsServer(Listener plan, TlsStore store)
    {
        _store = store;
        _otherwise = plan.Certificate;
        _clients = plan.ClientAuthorities is null ? null : store.AuthoritiesAt(plan.ClientAuthorities);
        _choose = (_, hello, _, _) => ValueTask.FromResult(Choose(hello.ServerName));
    }

    /// <exception cref="GreetingException">It came to nothing; the connection is then closed.</exception>
    public async ValueTask<TlsTransport> AcceptAsync(Transport below)
    {
        var transport = new TlsTransport(below);
        try
        {
            await transport.AcceptAsync(_choose).ConfigureAwait(false);
            return transport;
        }
        catch (Exception failed) when (failed is GreetingException || Loss.Is(failed))
        {
            var failure = Reason(failed, transport);
            if (failure == GreetingFailure.NotTls) await SayItIsHttpsAsync(below).ConfigureAwait(false);
            transport.Dispose();
            throw new GreetingException(failure);
        }
    }

    private static GreetingFailure Reason(Exception failed, TlsTransport transport) => failed switch
    {
        GreetingException own => own.Failure,
        _ when !transport.LooksLikeTls => GreetingFailure.NotTls,
        _ when transport.Session.HasRefusedCertificate => GreetingFailure.ClientCertificate,
        AuthenticationException { InnerException: GreetingException own } => own.Failure,
        AuthenticationException => GreetingFailure.Handshake,
        _ => GreetingFailure.Gone,
    };

    /// <summary>To who speaks plain HTTP here: mostly a person with the wrong address.</summary>
    private static async ValueTask SayItIsHttpsAsync(Transport below)
    {
        try
        {
            await below.SendAsync(HttpsOnly).ConfigureAwait(false);
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // Then it need not be told.
        }
    }

    private SslServerAuthenticationOptions Choose(string host)
    {
        var certificate = _store.Table.Find(host, _otherwise) ?? throw new GreetingException(GreetingFailure.NoCertificate);
        var clients = _clients?.Current;
        var prepared = _prepared.GetValue(certificate, loaded => new Prepared(loaded, clients));
        if (prepared.Clients == clients) return prepared.Options;
        // The authorities' file has changed.
        prepared = new Prepared(certificate, clients);
        _prepared.AddOrUpdate(certificate, prepared);
        return prepared.Options;
    }

    private sealed class Prepared(LoadedCertificate certificate, Authorities? clients)
    {
        public Authorities? Clients { get; } = clients;

        public SslServerAuthenticationOptions Options { get; } = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate.Leaf, certificate.Between, offline: true,
                clients is null ? null : SslCertificateTrust.CreateForX509Collection(clients.Roots, sendTrustInHandshake: true)),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [.. HttpFront.Protocols],
            AllowRenegotiation = false,
            ClientCertificateRequired = clients is not null,
            CertificateChainPolicy = clients?.Policy(ofClients: true),
            // Asked for, not demanded: routes do that. One that is shown must be right.
            RemoteCertificateValidationCallback = clients is null ? null : static (session, shown, _, errors) =>
                !(((TlsSession)session).HasRefusedCertificate = shown is not null && errors != SslPolicyErrors.None),
        };
    }
}
