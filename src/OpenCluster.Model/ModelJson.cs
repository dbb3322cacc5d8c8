using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Changes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Model;

/// <summary>JSON of the nouns, as stored and as sent: camelCase, enums by name, nulls left out.</summary>
/// <remarks>Missing fields keep their defaults, see <see cref="JsonDefaults"/>.</remarks>
public sealed class ModelJson(JsonSerializerOptions options) : ModelJsonTypes(options), IJsonTypeInfoResolver
{
    public static new ModelJson Default { get; } = new(new JsonSerializerOptions(ModelJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(ModelJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="ModelJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Cluster))]
[JsonSerializable(typeof(Zone))]
[JsonSerializable(typeof(Role))]
[JsonSerializable(typeof(Server))]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(LoadBalancer))]
[JsonSerializable(typeof(Route))]
[JsonSerializable(typeof(Certificate))]
[JsonSerializable(typeof(DataSpace))]
[JsonSerializable(typeof(Endpoint))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(ClusterSettings))]
[JsonSerializable(typeof(ImmutableArray<Zone>))]
[JsonSerializable(typeof(ImmutableArray<Role>))]
[JsonSerializable(typeof(ImmutableArray<Server>))]
[JsonSerializable(typeof(ImmutableArray<Service>))]
[JsonSerializable(typeof(ImmutableArray<LoadBalancer>))]
[JsonSerializable(typeof(ImmutableArray<Route>))]
[JsonSerializable(typeof(ImmutableArray<Certificate>))]
[JsonSerializable(typeof(ImmutableArray<DataSpace>))]
[JsonSerializable(typeof(ImmutableArray<Endpoint>))]
[JsonSerializable(typeof(ImmutableArray<Secret>))]
[JsonSerializable(typeof(ServiceSpec))]
[JsonSerializable(typeof(Source))]
[JsonSerializable(typeof(Build))]
[JsonSerializable(typeof(HealthCheck))]
[JsonSerializable(typeof(CachePurge))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(Release))]
[JsonSerializable(typeof(Instance))]
[JsonSerializable(typeof(InstanceStatus))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(ServerReport))]
[JsonSerializable(typeof(SetOrder))]
[JsonSerializable(typeof(SetWords))]
[JsonSerializable(typeof(BalancerSnapshot))]
[JsonSerializable(typeof(BalancerReport))]
public partial class ModelJsonTypes : JsonSerializerContext;
