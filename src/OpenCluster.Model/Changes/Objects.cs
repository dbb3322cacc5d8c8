using System.Text.Json;
using System.Text.Json.Nodes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Changes;

/// <summary>An object of a cluster as its fields; the settings are one without id and name.</summary>
internal sealed record FieldedObject(ObjectKind Kind, string Id, string Name, JsonObject Fields, INamed? Noun)
{
    /// <summary>By which two clusters' objects are the same: the id, or the name where there are none yet.</summary>
    public (ObjectKind, string) Key => (Kind, Id.Length > 0 ? Id : "=" + Name);
}

/// <summary>
/// A cluster as a flat list of objects and back. Fields are those of the JSON form, so that comparing and merging need no code
/// per noun and a new field of a noun is compared from the day it exists.
/// </summary>
internal static class Objects
{
    public static IEnumerable<FieldedObject> Of(Cluster cluster) =>
    [
        new FieldedObject(ObjectKind.Settings, "", "", Fields(JsonSerializer.SerializeToNode(cluster.Settings, ModelJson.Default.ClusterSettings)), null),
        .. cluster.Zones.Select(z => Of(ObjectKind.Zone, z, JsonSerializer.SerializeToNode(z, ModelJson.Default.Zone))),
        .. cluster.Roles.Select(r => Of(ObjectKind.Role, r, JsonSerializer.SerializeToNode(r, ModelJson.Default.Role))),
        .. cluster.Servers.Select(s => Of(ObjectKind.Server, s, JsonSerializer.SerializeToNode(s, ModelJson.Default.Server))),
        .. cluster.Services.Select(s => Of(ObjectKind.Service, s, JsonSerializer.SerializeToNode(s, ModelJson.Default.Service))),
        .. cluster.LoadBalancers.Select(b => Of(ObjectKind.LoadBalancer, b, JsonSerializer.SerializeToNode(b, ModelJson.Default.LoadBalancer))),
        .. cluster.Routes.Select(r => Of(ObjectKind.Route, r, JsonSerializer.SerializeToNode(r, ModelJson.Default.Route))),
        .. cluster.Certificates.Select(c => Of(ObjectKind.Certificate, c, JsonSerializer.SerializeToNode(c, ModelJson.Default.Certificate))),
        .. cluster.Data.Select(s => Of(ObjectKind.Space, s, JsonSerializer.SerializeToNode(s, ModelJson.Default.DataSpace))),
        .. cluster.Endpoints.Select(e => Of(ObjectKind.Endpoint, e, JsonSerializer.SerializeToNode(e, ModelJson.Default.Endpoint))),
        .. cluster.Secrets.Select(s => Of(ObjectKind.Secret, s, JsonSerializer.SerializeToNode(s, ModelJson.Default.Secret))),
    ];

    public static Cluster ToCluster(string name, IEnumerable<(ObjectKind Kind, string Id, JsonObject Fields)> objects)
    {
        var cluster = new Cluster { Name = name };
        foreach (var kind in objects.GroupBy(o => o.Kind))
        {
            var fields = kind.Select(o => WithId(o.Id, o.Fields)).ToList();
            cluster = kind.Key switch
            {
                ObjectKind.Settings => cluster with { Settings = fields[0].Deserialize(ModelJson.Default.ClusterSettings)! },
                ObjectKind.Zone => cluster with { Zones = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Zone)!)] },
                ObjectKind.Role => cluster with { Roles = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Role)!)] },
                ObjectKind.Server => cluster with { Servers = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Server)!)] },
                ObjectKind.Service => cluster with { Services = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Service)!)] },
                ObjectKind.LoadBalancer => cluster with { LoadBalancers = [.. fields.Select(f => f.Deserialize(ModelJson.Default.LoadBalancer)!)] },
                ObjectKind.Route => cluster with { Routes = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Route)!)] },
                ObjectKind.Certificate => cluster with { Certificates = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Certificate)!)] },
                ObjectKind.Space => cluster with { Data = [.. fields.Select(f => f.Deserialize(ModelJson.Default.DataSpace)!)] },
                ObjectKind.Endpoint => cluster with { Endpoints = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Endpoint)!)] },
                ObjectKind.Secret => cluster with { Secrets = [.. fields.Select(f => f.Deserialize(ModelJson.Default.Secret)!)] },
                _ => throw new InvalidOperationException($"a kind without a place: {kind.Key}"),
            };
        }
        return cluster;
    }

    private static FieldedObject Of(ObjectKind kind, INamed noun, JsonNode? node) => new(kind, noun.Id, noun.Name, Fields(node), noun);

    // The id says which object it is, and renamed-from how it came by it: neither is something that changes.
    private static JsonObject Fields(JsonNode? node)
    {
        var fields = node!.AsObject();
        fields.Remove("id");
        fields.Remove("renamedFrom");
        return fields;
    }

    private static JsonObject WithId(string id, JsonObject fields)
    {
        var whole = fields.DeepClone().AsObject();
        whole["id"] = id;
        return whole;
    }
}
