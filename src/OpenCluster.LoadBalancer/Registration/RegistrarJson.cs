using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.LoadBalancer.Broker;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>JSON between apps and balancers, among balancers, and on disk; what is missing keeps its default.</summary>
internal sealed class RegistrarJson(JsonSerializerOptions options) : RegistrarJsonTypes(options), IJsonTypeInfoResolver
{
    public static new RegistrarJson Default { get; } = new(new JsonSerializerOptions(RegistrarJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(RegistrarJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="RegistrarJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RegistrationRequest))]
[JsonSerializable(typeof(RegistrationView))]
[JsonSerializable(typeof(ImmutableArray<RegistrationView>))]
[JsonSerializable(typeof(ImmutableArray<RegistrationLease>))]
[JsonSerializable(typeof(BrokerAnswer))]
[JsonSerializable(typeof(PeerMessage))]
internal partial class RegistrarJsonTypes : JsonSerializerContext;
