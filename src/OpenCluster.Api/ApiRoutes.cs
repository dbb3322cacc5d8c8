namespace OpenCluster.Api;

/// <summary>Every path of the API, once. Braces are filled by the methods of the same name, escaped.
/// A server is named by id or by name, so that an agent can speak before the first apply has given its server an id.</summary>
public static class ApiRoutes
{
    public const string Status = "/v1/status";
    public const string OpenApi = "/v1/openapi.json";
    public const string Plan = "/v1/plan";
    public const string Apply = "/v1/apply";
    public const string History = "/v1/history";
    public const string Undo = "/v1/undo";
    public const string Servers = "/v1/servers";
    public const string Services = "/v1/services";
    public const string Instances = "/v1/instances";
    public const string Releases = "/v1/releases";
    public const string Deployments = "/v1/deployments";
    public const string RollBacks = "/v1/rollbacks";
    public const string Pauses = "/v1/pauses";
    public const string Balancers = "/v1/balancers";
    public const string Explanations = "/v1/explanations";
    public const string CachePurges = "/v1/cache-purges";
    public const string Events = "/v1/events";
    public const string Audit = "/v1/audit";
    public const string Sources = "/v1/sources";
    public const string Tokens = "/v1/tokens";
    public const string LogIn = "/v1/login";
    public const string LogOut = "/v1/logout";
    public const string Users = "/v1/users";
    public const string Secrets = "/v1/secrets";
    public const string SecretKeyRotations = "/v1/secret-key-rotations";
    public const string Roots = "/v1/trust/roots";
    public const string Join = "/v1/trust/join";
    public const string Certificates = "/v1/trust/certificates";

    /// <summary>Outside the version, where monitors look for them.</summary>
    public const string Health = "/healthz";
    public const string Metrics = "/metrics";

    public const string ScalePattern = "/v1/services/{service}/zones/{zone}/instances";
    public const string WebhookSettingsPattern = "/v1/services/{service}/webhook";
    public const string WebhookPattern = "/v1/webhooks/{serviceId}";
    public const string LogsPattern = "/v1/instances/{instance}/logs";
    public const string ExecPattern = "/v1/instances/{instance}/exec";
    public const string DeploymentPattern = "/v1/deployments/{deployment}";
    public const string UserPattern = "/v1/users/{user}";
    public const string SecretPattern = "/v1/secrets/{secret}";
    public const string SecretRotationPattern = "/v1/secrets/{secret}/rotations";
    public const string ServerSecretsPattern = "/v1/servers/{serverId}/secrets";
    public const string TokenPattern = "/v1/tokens/{token}";
    public const string JoinTokenPattern = "/v1/servers/{serverId}/join-token";
    public const string ServerIdentityPattern = "/v1/servers/{serverId}/identity";
    public const string RespitePattern = "/v1/servers/{serverId}/respite";
    public const string AssignmentPattern = "/v1/servers/{serverId}/assignment";
    public const string ServerReportPattern = "/v1/servers/{serverId}/report";
    public const string SetOrdersPattern = "/v1/servers/{serverId}/sets/orders";
    public const string SetWordsPattern = "/v1/servers/{serverId}/sets/words";
    public const string Data = "/v1/data";
    public const string PrimaryMovePattern = "/v1/data/{space}/primary";
    public const string SpaceAccessPattern = "/v1/data/{space}/access";
    public const string TasksPattern = "/v1/servers/{serverId}/tasks";
    public const string TaskOutputPattern = "/v1/tasks/{task}/output";
    public const string ArchivePattern = "/v1/releases/{release}/archive";
    public const string SourcePattern = "/v1/sources/{digest}";
    public const string SnapshotPattern = "/v1/balancers/{instance}/snapshot";
    public const string BalancerReportPattern = "/v1/balancers/{instance}/report";

    public static string Scale(string service, string zone) => $"/v1/services/{E(service)}/zones/{E(zone)}/instances";
    public static string WebhookSettings(string service) => $"/v1/services/{E(service)}/webhook";
    public static string Webhook(string serviceId) => $"/v1/webhooks/{E(serviceId)}";
    public static string Logs(string instance, int lines, bool follow) => $"/v1/instances/{E(instance)}/logs?lines={lines}&follow={(follow ? "true" : "false")}";
    public static string Exec(string instance) => $"/v1/instances/{E(instance)}/exec";
    public static string Deployment(string deployment) => $"/v1/deployments/{E(deployment)}";
    public static string User(string user) => $"/v1/users/{E(user)}";
    public static string Secret(string secret) => $"/v1/secrets/{E(secret)}";
    public static string SecretRotation(string secret) => $"/v1/secrets/{E(secret)}/rotations";
    public static string ServerSecrets(string serverId) => $"/v1/servers/{E(serverId)}/secrets";
    public static string Token(string token) => $"/v1/tokens/{E(token)}";
    public static string JoinToken(string server) => $"/v1/servers/{E(server)}/join-token";
    public static string ServerIdentity(string server) => $"/v1/servers/{E(server)}/identity";
    public static string Respite(string server) => $"/v1/servers/{E(server)}/respite";
    public static string Assignment(string serverId) => $"/v1/servers/{E(serverId)}/assignment";
    public static string ServerReport(string serverId) => $"/v1/servers/{E(serverId)}/report";
    public static string SetOrders(string serverId) => $"/v1/servers/{E(serverId)}/sets/orders";
    public static string SetWords(string serverId) => $"/v1/servers/{E(serverId)}/sets/words";
    public static string PrimaryMove(string space) => $"/v1/data/{E(space)}/primary";
    public static string SpaceAccess(string space) => $"/v1/data/{E(space)}/access";
    public static string Tasks(string serverId) => $"/v1/servers/{E(serverId)}/tasks";
    public static string TaskOutput(string task) => $"/v1/tasks/{E(task)}/output";
    public static string Archive(string release) => $"/v1/releases/{E(release)}/archive";
    public static string Source(string digest) => $"/v1/sources/{E(digest)}";
    public static string Snapshot(string instance) => $"/v1/balancers/{E(instance)}/snapshot";
    public static string BalancerReport(string instance) => $"/v1/balancers/{E(instance)}/report";
    public static string OfService(string path, string? service) => service is null ? path : $"{path}?service={E(service)}";

    private static string E(string part) => Uri.EscapeDataString(part);
}
