using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Model;

namespace OpenCluster.Api;

/// <summary>JSON of the API, the same on both sides.</summary>
/// <remarks>Missing fields keep their defaults, see <see cref="JsonDefaults"/>.</remarks>
public sealed class ApiJson(JsonSerializerOptions options) : ApiJsonTypes(options), IJsonTypeInfoResolver
{
    public static new ApiJson Default { get; } = new(new JsonSerializerOptions(ApiJsonTypes.Default.Options));

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => JsonDefaults.Keep(ApiJsonTypes.Default, type, options);
}

/// <summary>What the compiler generates for <see cref="ApiJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(FileRequest))]
[JsonSerializable(typeof(DeployRequest))]
[JsonSerializable(typeof(RollBackRequest))]
[JsonSerializable(typeof(PauseRequest))]
[JsonSerializable(typeof(CachePurgeRequest))]
[JsonSerializable(typeof(CachePurgeView))]
[JsonSerializable(typeof(ExplainRequest))]
[JsonSerializable(typeof(ImmutableArray<ExplanationView>))]
[JsonSerializable(typeof(ImmutableArray<BalancerLoadView>))]
[JsonSerializable(typeof(ScaleRequest))]
[JsonSerializable(typeof(UndoRequest))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(AgentTask))]
[JsonSerializable(typeof(AsideView))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(ImmutableArray<ServerView>))]
[JsonSerializable(typeof(ImmutableArray<ServiceView>))]
[JsonSerializable(typeof(ImmutableArray<InstanceView>))]
[JsonSerializable(typeof(ImmutableArray<ReleaseView>))]
[JsonSerializable(typeof(ImmutableArray<DeploymentView>))]
[JsonSerializable(typeof(ImmutableArray<VersionView>))]
[JsonSerializable(typeof(ImmutableArray<AuditView>))]
[JsonSerializable(typeof(ImmutableArray<PauseView>))]
[JsonSerializable(typeof(PlanView))]
[JsonSerializable(typeof(ApplyView))]
[JsonSerializable(typeof(DeployView))]
[JsonSerializable(typeof(SourceView))]
[JsonSerializable(typeof(WebhookView))]
[JsonSerializable(typeof(WebhookAnswer))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(NewTokenView))]
[JsonSerializable(typeof(ImmutableArray<TokenView>))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(LogInRequest))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(UserRequest))]
[JsonSerializable(typeof(ImmutableArray<UserView>))]
[JsonSerializable(typeof(SecretRequest))]
[JsonSerializable(typeof(SecretRotationRequest))]
[JsonSerializable(typeof(SecretView))]
[JsonSerializable(typeof(ImmutableArray<SecretView>))]
[JsonSerializable(typeof(ImmutableArray<SecretValueView>))]
[JsonSerializable(typeof(RespiteRequest))]
[JsonSerializable(typeof(RootsView))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinTokenRequest))]
[JsonSerializable(typeof(JoinTokenView))]
[JsonSerializable(typeof(CertifyRequest))]
[JsonSerializable(typeof(CertificateView))]
[JsonSerializable(typeof(EventView))]
[JsonSerializable(typeof(ImmutableArray<SpaceView>))]
[JsonSerializable(typeof(SpaceAccessView))]
[JsonSerializable(typeof(PrimaryMoveRequest))]
public partial class ApiJsonTypes : JsonSerializerContext;
