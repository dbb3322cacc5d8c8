using System.Collections.Frozen;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>
/// Which certificate is shown for a host: the one for exactly that name, then one for <c>*.parent</c>, then the listener's own choice, then the
/// first. Immutable; made anew when a file or the snapshot changes.
/// </summary>
internal sealed class CertificateTable
{
    private readonly FrozenDictionary<string, LoadedCertificate> _byHost;
    private readonly FrozenDictionary<string, LoadedCertificate> _byName;
    private readonly LoadedCertificate? _first;

    /// <param name="certificates">In the order of the file; the earlier has the host that two claim. Hosts empty: those it names itself.</param>
    public CertificateTable(IEnumerable<(string Name, IReadOnlyList<string> Hosts, LoadedCertificate Loaded)> certificates)
    {
        var byHost = new Dictionary<string, LoadedCertificate>(StringComparer.Ordinal);
        var byName = new Dictionary<string, LoadedCertificate>(StringComparer.Ordinal);
        foreach (var (name, hosts, loaded) in certificates)
        {
            _first ??= loaded;
            byName.TryAdd(name, loaded);
            foreach (var host in hosts.Count > 0 ? hosts : loaded.Hosts) byHost.TryAdd(host.ToLowerInvariant(), loaded);
        }
        _byHost = byHost.ToFrozenDictionary(StringComparer.Ordinal);
        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public static CertificateTable Empty { get; } = new([]);

    /// <param name="host">What the client asks for; empty when it asks for none.</param>
    /// <param name="otherwise">Name of the listener's certificate for hosts that none is for.</param>
    /// <returns>Null only when there is none at all.</returns>
    public LoadedCertificate? Find(string host, string? otherwise)
    {
        if (host.Length > 0)
        {
            host = host.ToLowerInvariant().TrimEnd('.');
            if (_byHost.TryGetValue(host, out var exact)) return exact;
            var dot = host.IndexOf('.', StringComparison.Ordinal);
            if (dot > 0 && _byHost.TryGetValue("*" + host[dot..], out var wildcard)) return wildcard;
        }
        return otherwise is not null && _byName.TryGetValue(otherwise, out var chosen) ? chosen : _first;
    }
}
