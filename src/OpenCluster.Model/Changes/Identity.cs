using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Changes;

/// <summary>
/// Gives the objects of a freshly read file the ids of the objects they are. In this order: the same name now; the name before,
/// by <c>renamed-from</c>; the same name when the file was last applied (someone renamed or removed it elsewhere since); else it is
/// new.
/// </summary>
public static class Identity
{
    /// <param name="read">A cluster read from a file: ids empty.</param>
    /// <param name="current">What the controller holds.</param>
    /// <param name="applied">What the file declared when it was last applied; null the first time.</param>
    /// <param name="newId">Gives an id that was never used before, with the kind's prefix.</param>
    /// <returns><paramref name="read"/> with every id filled in and every <c>renamed-from</c> done with.</returns>
    public static Cluster Assign(Cluster read, Cluster current, Cluster? applied, Func<ObjectKind, string> newId)
    {
        applied ??= Cluster.Empty;
        return read with
        {
            Zones = Of(ObjectKind.Zone, read.Zones, current.Zones, applied.Zones, z => z.RenamedFrom, (z, id) => z with { Id = id, RenamedFrom = null }, newId),
            Roles = Of(ObjectKind.Role, read.Roles, current.Roles, applied.Roles, r => r.RenamedFrom, (r, id) => r with { Id = id, RenamedFrom = null }, newId),
            Servers = Of(ObjectKind.Server, read.Servers, current.Servers, applied.Servers, s => s.RenamedFrom, (s, id) => s with { Id = id, RenamedFrom = null }, newId),
            Services = Of(ObjectKind.Service, read.Services, current.Services, applied.Services, s => s.RenamedFrom, (s, id) => s with { Id = id, RenamedFrom = null }, newId),
            LoadBalancers = Of(ObjectKind.LoadBalancer, read.LoadBalancers, current.LoadBalancers, applied.LoadBalancers, b => b.RenamedFrom, (b, id) => b with { Id = id, RenamedFrom = null }, newId),
            Routes = Of(ObjectKind.Route, read.Routes, current.Routes, applied.Routes, r => r.RenamedFrom, (r, id) => r with { Id = id, RenamedFrom = null }, newId),
            Certificates = Of(ObjectKind.Certificate, read.Certificates, current.Certificates, applied.Certificates, c => c.RenamedFrom, (c, id) => c with { Id = id, RenamedFrom = null }, newId),
            Data = Of(ObjectKind.Space, read.Data, current.Data, applied.Data, s => s.RenamedFrom, (s, id) => s with { Id = id, RenamedFrom = null }, newId),
            Endpoints = Of(ObjectKind.Endpoint, read.Endpoints, current.Endpoints, applied.Endpoints, e => e.RenamedFrom, (e, id) => e with { Id = id, RenamedFrom = null }, newId),
            Secrets = Of(ObjectKind.Secret, read.Secrets, current.Secrets, applied.Secrets, s => s.RenamedFrom, (s, id) => s with { Id = id, RenamedFrom = null }, newId),
        };
    }

    private static ImmutableArray<T> Of<T>(
        ObjectKind kind, ImmutableArray<T> read, ImmutableArray<T> current, ImmutableArray<T> applied,
        Func<T, string?> renamedFrom, Func<T, string, T> with, Func<ObjectKind, string> newId) where T : class, INamed
    {
        // An id goes to one object only, and those that kept their name come first: they are certain.
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        void Claim(Func<T, T?> old)
        {
            foreach (var one in read)
            {
                if (!ids.ContainsKey(one.Name) && old(one) is { Id.Length: > 0 } found && taken.Add(found.Id))
                    ids[one.Name] = found.Id;
            }
        }

        Claim(o => current.FirstOrDefault(c => c.Name == o.Name));
        Claim(o => renamedFrom(o) is { } old ? current.FirstOrDefault(c => c.Name == old) : null);
        Claim(o => applied.FirstOrDefault(a => a.Name == o.Name));
        return [.. read.Select(o => with(o, ids.TryGetValue(o.Name, out var id) ? id : newId(kind)))];
    }
}
