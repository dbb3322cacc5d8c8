using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Running;

namespace OpenCluster.Api;

/// <summary>JSON of the API, the same on both sides.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(FileRequest))]
[JsonSerializable(typeof(DeployRequest))]
[JsonSerializable(typeof(RollBackRequest))]
[JsonSerializable(typeof(PauseRequest))]
[JsonSerializable(typeof(ScaleRequest))]
[JsonSerializable(typeof(UndoRequest))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(AgentTask))]
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
[JsonSerializable(typeof(EventView))]
[JsonSerializable(typeof(Assignment))]
[JsonSerializable(typeof(ServerReport))]
[JsonSerializable(typeof(BalancerSnapshot))]
[JsonSerializable(typeof(BalancerReport))]
public sealed partial class ApiJson : JsonSerializerContext;
