using System.Collections.Immutable;
using System.Net;
using System.Text;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Who a client is, as far as its connection tells; the same for every request on it. Immutable.</summary>
internal sealed class ClientFacts
{
    /// <param name="remote">The client itself: from a PROXY header when the listener trusts its sender, else the other end of the connection.</param>
    /// <param name="isSecure">It came by TLS to us.</param>
    public ClientFacts(IPEndPoint remote, bool isSecure)
    {
        Remote = remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;
        IsSecure = isSecure;
        RemoteText = Remote.Address.ToString();
        Forwarded = Encoding.ASCII.GetBytes($"X-Forwarded-For: {RemoteText}\r\nX-Forwarded-Proto: {Scheme}\r\n");
    }

    /// <summary>Never an IPv4 address in IPv6's clothes.</summary>
    public IPEndPoint Remote { get; }

    public bool IsSecure { get; }

    /// <summary>Common name and alternative names of the certificate it has shown and the listener trusts; default when there is none.</summary>
    public ImmutableArray<string> CertificateNames { get; init; }

    /// <summary>The address alone, as the access log has it.</summary>
    public string RemoteText { get; }

    public string Scheme => IsSecure ? "https" : "http";

    /// <summary>The header lines that tell a target of this client, each with its CRLF.</summary>
    public byte[] Forwarded { get; }
}
