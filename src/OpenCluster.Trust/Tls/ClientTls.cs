using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Trust.Tls;

/// <summary>The other side is not who it should be; the message says how that was seen.</summary>
public sealed class UntrustedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>TLS 1.3 (RFC 8446) as the side that calls. The other side is known by the part that its certificate names, not by a host name.</summary>
public static class ClientTls
{
    private static readonly SslClientAuthenticationOptions Unverified = new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        // What is fetched this way is public, and is compared with a fingerprint before it counts.
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
    };

    /// <summary>Speaks TLS over a connection.</summary>
    /// <param name="own">Null: whoever answers is believed. Only for fetching what can be checked by itself.</param>
    /// <param name="called">Which kind of part must answer.</param>
    /// <exception cref="UntrustedException">Somebody else answers.</exception>
    /// <exception cref="AuthenticationException">No TLS came about; the other side may have refused our certificate.</exception>
    public static async Task<SslStream> CallAsync(Stream connection, Credentials? own, PartKind called, TimeProvider time, CancellationToken ct)
    {
        var tls = new SslStream(connection, leaveInnerStreamOpen: false);
        string? refused = null;
        try
        {
            await tls.AuthenticateAsClientAsync(own is null ? Unverified : Options(own, called, time, why => refused = why), ct).ConfigureAwait(false);
            return tls;
        }
        catch (AuthenticationException failed) when (refused is not null)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw new UntrustedException(refused, failed);
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static SslClientAuthenticationOptions Options(Credentials own, PartKind called, TimeProvider time, Action<string> refused) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateContext = own.Certificate,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = own.Roots.Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (certificate is not X509Certificate2 peer)
            {
                refused("it shows no certificate");
                return false;
            }

            var verdict = PeerCheck.Judge(peer, chain, !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors), own.Roots, time.GetUtcNow());
            var why = verdict.Refused ?? (verdict.Part!.Kind == called ? null : $"its certificate is for a part of kind {verdict.Part.Kind}, not {called}");
            if (why is not null) refused(why);
            return why is null;
        },
    };
}
