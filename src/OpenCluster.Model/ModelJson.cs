using System.Text.Json;
using System.Text.Json.Serialization;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Changes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Model;

/// <summary>JSON of the nouns, as stored and as sent: camelCase, enums by name, nulls left out.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Cluster))]
[JsonSerializable(typeof(Zone))]
[JsonSerializable(typeof(Role))]
[JsonSerializable(typeof(Server))]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(LoadBalancer))]
[JsonSerializable(typeof(Route))]
[JsonSerializable(typeof(Endpoint))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(ClusterSettings))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(Release))]
[JsonSerializable(typeof(Instance))]
[JsonSerializable(typeof(InstanceStatus))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(ServerReport))]
[JsonSerializable(typeof(BalancerSnapshot))]
[JsonSerializable(typeof(BalancerReport))]
public sealed partial class ModelJson : JsonSerializerContext;
