using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Model.Nouns;
using OpenCluster.Model;

namespace OpenCluster.Decisions.Conducting;

/// <summary>The declared objects, one document per kind, with look-up by id and by name.</summary>
internal sealed class ObjectDocuments(Changes changes)
{
    private Dictionary<string, Server> servers = new(StringComparer.Ordinal);
    private Dictionary<string, Service> services = new(StringComparer.Ordinal);
    private Dictionary<string, Zone> zonesById = new(StringComparer.Ordinal);
    private Dictionary<string, Zone> zonesByName = new(StringComparer.Ordinal);
    private ILookup<string, Server> serversByZone = Enumerable.Empty<Server>().ToLookup(s => s.Zone, StringComparer.Ordinal);
    private ILookup<(string Service, string Zone), Route> routes = Enumerable.Empty<Route>().ToLookup(r => (r.Service, r.Zone));
    private ImmutableArray<DueDeployment> due = [];
    private ImmutableArray<Server> leaving = [];

    public Cluster Cluster { get; private set; } = Cluster.Empty;

    /// <summary>Deployments the last apply called for and that are not made yet.</summary>
    public ImmutableArray<DueDeployment> Due
    {
        get => due;
        set
        {
            due = value;
            changes.Write(Keys.Due, () => OrGone(due, DocumentsJson.Default.ImmutableArrayDueDeployment));
        }
    }

    /// <summary>Servers that were taken out of the file and still run something.</summary>
    public ImmutableArray<Server> Leaving
    {
        get => leaving;
        set
        {
            leaving = value;
            changes.Write(Keys.Leaving, () => OrGone(leaving, ModelJson.Default.ImmutableArrayServer));
        }
    }

    public Server? Server(string id) => servers.GetValueOrDefault(id);

    public Service? Service(string id) => services.GetValueOrDefault(id);

    public LoadBalancer? LoadBalancer(string id) => Cluster.LoadBalancers.FirstOrDefault(b => b.Id == id);

    public DataSpace? Space(string id) => Cluster.Data.FirstOrDefault(s => s.Id == id);

    public IEnumerable<Server> ServersIn(string zone) => serversByZone[zone];

    public IEnumerable<Route> RoutesTo(string service, string zone) => routes[(service, zone)];

    /// <summary>By name or by id.</summary>
    public Zone? Zone(string nameOrId) => zonesByName.GetValueOrDefault(nameOrId) ?? zonesById.GetValueOrDefault(nameOrId);

    public string ZoneName(string id) => zonesById.GetValueOrDefault(id)?.Name ?? id;

    public string ZoneId(string name) => zonesByName.GetValueOrDefault(name)?.Id ?? name;

    /// <summary>The service in the zone as it is declared now; null when it does not go there (any more).</summary>
    public (Service Service, ZoneDeployment Zone)? Declared(ServiceZone place) =>
        Service(place.ServiceId) is { } service && zonesById.TryGetValue(place.Zone, out var zone) && service.In(zone.Name) is { } there ? (service, there) : null;

    public void Replace(Cluster cluster)
    {
        var before = Documents().ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
        Cluster = cluster;
        Index();
        foreach (var (key, bytes) in Documents())
        {
            if (!before.TryGetValue(key, out var old) || !old.Span.SequenceEqual(bytes.Span))
                changes.Write(key, () => bytes);
        }
    }

    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Documents()
    {
        if (!due.IsEmpty)
            yield return new(Keys.Due, Bytes(due, DocumentsJson.Default.ImmutableArrayDueDeployment));
        if (!leaving.IsEmpty)
            yield return new(Keys.Leaving, Bytes(leaving, ModelJson.Default.ImmutableArrayServer));
        foreach (var document in Declared(Cluster))
            yield return document;
    }

    /// <summary>Bytes that the objects take in the store.</summary>
    public static long SizeOf(Cluster cluster) => Declared(cluster).Sum(d => (long)d.Value.Length);

    private static IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Declared(Cluster cluster)
    {
        if (cluster.Name.Length == 0)
            yield break;
        yield return Of("cluster", new ClusterHead(cluster.Name, cluster.Settings), DocumentsJson.Default.ClusterHead);
        yield return Of("zones", cluster.Zones, ModelJson.Default.ImmutableArrayZone);
        yield return Of("roles", cluster.Roles, ModelJson.Default.ImmutableArrayRole);
        yield return Of("servers", cluster.Servers, ModelJson.Default.ImmutableArrayServer);
        yield return Of("services", cluster.Services, ModelJson.Default.ImmutableArrayService);
        yield return Of("load-balancers", cluster.LoadBalancers, ModelJson.Default.ImmutableArrayLoadBalancer);
        yield return Of("routes", cluster.Routes, ModelJson.Default.ImmutableArrayRoute);
        yield return Of("certificates", cluster.Certificates, ModelJson.Default.ImmutableArrayCertificate);
        yield return Of("data", cluster.Data, ModelJson.Default.ImmutableArrayDataSpace);
        yield return Of("endpoints", cluster.Endpoints, ModelJson.Default.ImmutableArrayEndpoint);
        yield return Of("secrets", cluster.Secrets, ModelJson.Default.ImmutableArraySecret);
    }

    public void Load(string key, ReadOnlySpan<byte> json)
    {
        switch (key)
        {
            case Keys.Due:
                due = JsonSerializer.Deserialize(json, DocumentsJson.Default.ImmutableArrayDueDeployment);
                return;
            case Keys.Leaving:
                leaving = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayServer);
                return;
            case Keys.Objects + "cluster":
                var head = JsonSerializer.Deserialize(json, DocumentsJson.Default.ClusterHead) ?? throw new JsonException($"The document '{key}' is null.");
                Cluster = Cluster with { Name = head.Name, Settings = head.Settings };
                break;
            case Keys.Objects + "zones":
                Cluster = Cluster with { Zones = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayZone) };
                break;
            case Keys.Objects + "roles":
                Cluster = Cluster with { Roles = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayRole) };
                break;
            case Keys.Objects + "servers":
                Cluster = Cluster with { Servers = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayServer) };
                break;
            case Keys.Objects + "services":
                Cluster = Cluster with { Services = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayService) };
                break;
            case Keys.Objects + "load-balancers":
                Cluster = Cluster with { LoadBalancers = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayLoadBalancer) };
                break;
            case Keys.Objects + "routes":
                Cluster = Cluster with { Routes = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayRoute) };
                break;
            case Keys.Objects + "certificates":
                Cluster = Cluster with { Certificates = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayCertificate) };
                break;
            case Keys.Objects + "data":
                Cluster = Cluster with { Data = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayDataSpace) };
                break;
            case Keys.Objects + "endpoints":
                Cluster = Cluster with { Endpoints = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArrayEndpoint) };
                break;
            case Keys.Objects + "secrets":
                Cluster = Cluster with { Secrets = JsonSerializer.Deserialize(json, ModelJson.Default.ImmutableArraySecret) };
                break;
            case var other when !other.StartsWith(Keys.Objects, StringComparison.Ordinal):
                // The shell's own (audit, tokens): not the conductor's business.
                return;
            default:
                throw new InvalidOperationException($"The document '{key}' is of no kind this version knows; a newer version may have written it.");
        }

        Index();
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>> Of<T>(string kind, T value, JsonTypeInfo<T> json) =>
        new(Keys.Objects + kind, Bytes(value, json));

    private static ReadOnlyMemory<byte> Bytes<T>(T value, JsonTypeInfo<T> json) => JsonSerializer.SerializeToUtf8Bytes(value, json);

    private static ReadOnlyMemory<byte>? OrGone<T>(ImmutableArray<T> list, JsonTypeInfo<ImmutableArray<T>> json) =>
        list.IsEmpty ? default(ReadOnlyMemory<byte>?) : Bytes(list, json);

    private void Index()
    {
        servers = Cluster.Servers.ToDictionary(s => s.Id, StringComparer.Ordinal);
        services = Cluster.Services.ToDictionary(s => s.Id, StringComparer.Ordinal);
        zonesById = Cluster.Zones.ToDictionary(z => z.Id, StringComparer.Ordinal);
        zonesByName = Cluster.Zones.ToDictionary(z => z.Name, StringComparer.Ordinal);
        serversByZone = Cluster.Servers.ToLookup(s => s.Zone, StringComparer.Ordinal);
        routes = Cluster.Routes.ToLookup(r => (r.Service, r.Zone));
    }
}
