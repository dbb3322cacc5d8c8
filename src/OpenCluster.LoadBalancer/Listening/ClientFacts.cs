using System.Collections.Immutable;
using System.Net;
using System.Text;
using OpenCluster.LoadBalancer.Tls;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Who a client is, as far as its connection tells; the same for every request on it. Immutable.</summary>
internal sealed class ClientFacts
{
    /// <param name="remote">The client itself: from a PROXY header when the listener trusts its sender, else the other end of the connection.</param>
    /// <param name="isSecure">It came by TLS to us.</param>
    /// <param name="local">Where it connected to; null when that is nobody's concern.</param>
    public ClientFacts(IPEndPoint remote, bool isSecure, ClientCertificate? certificate = null, IPEndPoint? local = null)
    {
        Local = local ?? new IPEndPoint(remote.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        Remote = remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;
        IsSecure = isSecure;
        Certificate = certificate;
        RemoteText = Remote.Address.ToString();
        Forwarded = Encoding.ASCII.GetBytes($"X-Forwarded-For: {RemoteText}\r\nX-Forwarded-Proto: {Scheme}\r\n{certificate?.Header}");
    }

    /// <summary>Never an IPv4 address in IPv6's clothes.</summary>
    public IPEndPoint Remote { get; }

    /// <summary>Our end of its connection.</summary>
    public IPEndPoint Local { get; }

    public bool IsSecure { get; }

    /// <summary>The certificate the client has shown, signed by an authority of the listener; null for none.</summary>
    public ClientCertificate? Certificate { get; }

    /// <summary>Common name and alternative names of that certificate; default when there is none.</summary>
    public ImmutableArray<string> CertificateNames => Certificate?.Names ?? default;

    /// <summary>Set when nobody reads the answer: the cache fetches for itself.</summary>
    public Caching.Flight? Refreshes { get; init; }

    /// <summary>The address alone, as the access log has it.</summary>
    public string RemoteText { get; }

    public string Scheme => IsSecure ? "https" : "http";

    /// <summary>The header lines that tell a target of this client, each with its CRLF.</summary>
    public byte[] Forwarded { get; }
}
