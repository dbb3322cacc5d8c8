using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Decisions.Trust;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Controller.Trust;

/// <summary>
/// The authority as the running controller uses it: signs for parts, and shows a certificate of its own. What is in force is one immutable
/// value, swapped whole when something was renewed; connections made before keep what they have.
/// </summary>
internal sealed class ControllerTrust : IDisposable
{
    private readonly AuthorityFiles _files;
    private readonly IPAddress _address;
    private readonly TimeProvider _time;
    private readonly Action<string> _refused;
    private readonly PartKey _key = PartKey.Create();
    private InForce _inForce;

    /// <param name="address">Where the API is served.</param>
    /// <param name="refused">Told why somebody who showed a certificate was not talked to.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file of the authority is damaged.</exception>
    public ControllerTrust(AuthorityFiles files, IPAddress address, TimeProvider time, Action<string> refused)
    {
        (_files, _address, _time, _refused) = (files, address, time, refused);
        files.Ensure(time.GetUtcNow());
        _inForce = Load();
    }

    public RootBundle Roots => Volatile.Read(ref _inForce).Roots;

    /// <summary>For the next connection.</summary>
    public SslServerAuthenticationOptions ServerOptions => Volatile.Read(ref _inForce).Server;

    /// <summary>From when until when the controller's own certificate counts.</summary>
    public (DateTimeOffset From, DateTimeOffset Until) Own => Volatile.Read(ref _inForce).Own;

    /// <summary>A certificate for a part's key, and those above it, as PEM.</summary>
    public (string Chain, DateTimeOffset Until) Sign(PublicKey key, PartKind kind, string id)
    {
        var inForce = Volatile.Read(ref _inForce);
        using var signed = inForce.Issuing.Issue(key, new PartName(inForce.Issuing.Domain, kind, id), [], _time.GetUtcNow());
        return (string.Concat(inForce.Above.Prepend(signed).Select(c => c.ExportCertificatePem() + "\n")), Validity.Until(signed));
    }

    /// <summary>Reads the files anew and takes a fresh certificate for itself.</summary>
    public void Renew() => Volatile.Write(ref _inForce, Load());

    public AuthorityFacts Facts()
    {
        var (issuing, newest) = (Volatile.Read(ref _inForce).Issuing.Certificate, _files.ReadRoots().Roots);
        return new AuthorityFacts
        {
            Roots = newest.Length,
            NewestRootMade = Validity.From(newest[^1]),
            NewestRootUntil = Validity.Until(newest[^1]),
            IssuingBelowNewestRoot = issuing.IssuerName.RawData.AsSpan().SequenceEqual(newest[^1].SubjectName.RawData),
            IssuingMade = Validity.From(issuing),
            IssuingUntil = Validity.Until(issuing),
            RootKeyHere = _files.HasRootKey,
        };
    }

    public AuthorityFiles Files => _files;

    public void Dispose() => _key.Dispose();

    private InForce Load()
    {
        var issuing = _files.ReadIssuing();
        var roots = _files.ReadRoots();
        X509Certificate2[] above = _files.ReadCross() is { } cross ? [issuing.Certificate, cross] : [issuing.Certificate];
        var own = issuing.Issue(_key.Public, new PartName(issuing.Domain, PartKind.Controller, "controller"), Hosts(), _time.GetUtcNow());
        var credentials = Credentials.Of(roots, _key.With(own), [.. above]);
        var server = ServerTls.Options(credentials, _time, _refused, required: false, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        return new InForce(issuing, roots, above, server, (Validity.From(own), Validity.Until(own)));
    }

    /// <summary>For browsers and curl; the cluster's own parts go by the URI in the certificate.</summary>
    private IEnumerable<string> Hosts()
    {
        IEnumerable<string> addresses = _address.Equals(IPAddress.Any) || _address.Equals(IPAddress.IPv6Any)
            ? NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => new IPAddress(a.Address.GetAddressBytes()).ToString())
            : [_address.ToString()];
        return addresses.Append("localhost").Append(Environment.MachineName).Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private sealed record InForce(
        IssuingAuthority Issuing, RootBundle Roots, X509Certificate2[] Above, SslServerAuthenticationOptions Server, (DateTimeOffset From, DateTimeOffset Until) Own);
}
