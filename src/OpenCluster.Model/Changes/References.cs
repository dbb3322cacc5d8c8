using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Changes;

/// <summary>
/// Objects refer to each other by name, and names may change. To compare or merge two clusters their references are first turned
/// into ids (<c>#rol-1</c>; a name never has a <c>#</c>), so that a rename is one change and not one at everything that refers to it.
/// </summary>
internal static class References
{
    private const char Mark = '#';

    public static Cluster ToIds(Cluster cluster)
    {
        var ids = Named(cluster).Where(o => o.Object.Id.Length > 0).ToDictionary(o => (o.Kind, o.Object.Name), o => o.Object.Id);
        return Map(cluster, (kind, name) => ids.TryGetValue((kind, name), out var id) ? Mark + id : name);
    }

    /// <param name="gone">Clusters that still know the name of what is no longer there, in order of preference.</param>
    public static Cluster ToNames(Cluster cluster, params ReadOnlySpan<Cluster> gone)
    {
        var names = Lookup([cluster, .. gone]);
        return Map(cluster, (_, reference) => Name(reference, names));
    }

    /// <summary>Names by id, the first cluster's first.</summary>
    public static Dictionary<string, string> Lookup(params ReadOnlySpan<Cluster> clusters)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var cluster in clusters)
        {
            foreach (var (_, named) in Named(cluster))
                names.TryAdd(named.Id, named.Name);
        }
        return names;
    }

    /// <summary>The name a reference stands for; a text that is none stays as it is.</summary>
    public static string Name(string reference, Dictionary<string, string> names) =>
        reference.Length > 1 && reference[0] == Mark && names.TryGetValue(reference[1..], out var name) ? name : reference;

    private static IEnumerable<(ObjectKind Kind, INamed Object)> Named(Cluster cluster) =>
        Objects.Of(cluster).Where(o => o.Noun is not null).Select(o => (o.Kind, o.Noun!));

    private static Cluster Map(Cluster cluster, Func<ObjectKind, string, string> map)
    {
        ImmutableArray<string> All(ObjectKind kind, ImmutableArray<string> names) => [.. names.Select(n => map(kind, n))];
        string? Maybe(ObjectKind kind, string? name) => name is null ? null : map(kind, name);

        ServiceSpec Spec(ServiceSpec spec) => spec with
        {
            Secrets = All(ObjectKind.Secret, spec.Secrets),
            Build = spec.Build is null ? null : spec.Build with { Secrets = All(ObjectKind.Secret, spec.Build.Secrets) },
            Placement = spec.Placement with { ApartFrom = All(ObjectKind.Service, spec.Placement.ApartFrom) },
        };

        return cluster with
        {
            Servers = [.. cluster.Servers.Select(s => s with { Zone = map(ObjectKind.Zone, s.Zone), Roles = All(ObjectKind.Role, s.Roles) })],
            Services = [.. cluster.Services.Select(s => s with
            {
                Role = map(ObjectKind.Role, s.Role),
                Registers = Maybe(ObjectKind.Route, s.Registers),
                Deployments = [.. s.Deployments.Select(d => d with { Zone = map(ObjectKind.Zone, d.Zone), Spec = Spec(d.Spec) })],
            })],
            LoadBalancers = [.. cluster.LoadBalancers.Select(b => b with
            {
                Role = map(ObjectKind.Role, b.Role),
                Zone = Maybe(ObjectKind.Zone, b.Zone),
                Listeners = [.. b.Listeners.Select(l => l with { Certificate = Maybe(ObjectKind.Certificate, l.Certificate) })],
            })],
            Routes = [.. cluster.Routes.Select(r => r with
            {
                Service = map(ObjectKind.Service, r.Service),
                Zone = map(ObjectKind.Zone, r.Zone),
                LoadBalancers = All(ObjectKind.LoadBalancer, r.LoadBalancers),
            })],
            Certificates = [.. cluster.Certificates.Select(c => c with { LoadBalancers = All(ObjectKind.LoadBalancer, c.LoadBalancers) })],
            Data = [.. cluster.Data.Select(s => s with
            {
                Role = map(ObjectKind.Role, s.Role),
                Zone = Maybe(ObjectKind.Zone, s.Zone),
                Witnesses = All(ObjectKind.Server, s.Witnesses),
            })],
            Endpoints = [.. cluster.Endpoints.Select(e => e with { Secret = Maybe(ObjectKind.Secret, e.Secret) })],
        };
    }
}
