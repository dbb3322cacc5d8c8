using OpenCluster.Api;
using OpenCluster.Api.Requests;

namespace OpenCluster.Controller.Access;

/// <summary>Which parts of the cluster may call a route besides people.</summary>
[Flags]
internal enum Parts
{
    None = 0,
    Agents = 1,
    Balancers = 2,
    /// <summary>Also with a certificate that has just run out.</summary>
    Late = 4,
}

/// <summary>Who may call what, all in one place. A path that is not here cannot be mapped, so nothing is open by oversight.</summary>
internal static class AccessTable
{
    /// <summary>What a route asks of its caller.</summary>
    /// <param name="Person">The least role of a person or script; null for no token at all (the handler authenticates otherwise, or tells nothing).</param>
    /// <param name="Parts">Parts that may call it too, for what belongs to them (the handler checks which).</param>
    /// <param name="ByZone">A person who has the role in some zone may call it too, for what is there (the handler checks which).</param>
    public sealed record Rule(string Method, string Pattern, TokenRole? Person, Parts Parts = Parts.None, bool ByZone = false);

    public static readonly IReadOnlyList<Rule> Rules =
    [
        new("GET", ApiRoutes.Health, null),
        new("GET", ApiRoutes.OpenApi, null),
        new("GET", ApiRoutes.Metrics, TokenRole.Read),

        new("GET", ApiRoutes.Status, TokenRole.Read),
        new("POST", ApiRoutes.Plan, TokenRole.Read),
        new("POST", ApiRoutes.Apply, TokenRole.Admin),
        new("GET", ApiRoutes.History, TokenRole.Read),
        new("POST", ApiRoutes.Undo, TokenRole.Admin),
        new("GET", ApiRoutes.Servers, TokenRole.Read),
        new("GET", ApiRoutes.Services, TokenRole.Read),
        new("GET", ApiRoutes.Instances, TokenRole.Read),
        new("GET", ApiRoutes.Releases, TokenRole.Read),
        new("GET", ApiRoutes.Events, TokenRole.Read),
        new("GET", ApiRoutes.Audit, TokenRole.Admin),

        new("GET", ApiRoutes.Deployments, TokenRole.Read),
        new("GET", ApiRoutes.DeploymentPattern, TokenRole.Read),
        new("POST", ApiRoutes.Deployments, TokenRole.Deploy, ByZone: true),
        new("POST", ApiRoutes.RollBacks, TokenRole.Deploy, ByZone: true),
        new("POST", ApiRoutes.Pauses, TokenRole.Deploy),
        new("POST", ApiRoutes.CachePurges, TokenRole.Deploy),
        new("POST", ApiRoutes.Explanations, TokenRole.Read),
        new("GET", ApiRoutes.Data, TokenRole.Read),
        new("POST", ApiRoutes.PrimaryMovePattern, TokenRole.Admin),
        new("GET", ApiRoutes.SpaceAccessPattern, TokenRole.Admin),
        new("GET", ApiRoutes.Balancers, TokenRole.Read),
        new("PUT", ApiRoutes.ScalePattern, TokenRole.Deploy, ByZone: true),
        new("GET", ApiRoutes.WebhookSettingsPattern, TokenRole.Deploy),
        new("POST", ApiRoutes.WebhookPattern, null),
        new("POST", ApiRoutes.Sources, TokenRole.Deploy, ByZone: true),

        new("GET", ApiRoutes.LogsPattern, TokenRole.Deploy, ByZone: true),
        new("POST", ApiRoutes.ExecPattern, TokenRole.Admin, ByZone: true),

        new("POST", ApiRoutes.Tokens, TokenRole.Admin),
        new("GET", ApiRoutes.Tokens, TokenRole.Admin),
        new("DELETE", ApiRoutes.TokenPattern, TokenRole.Admin),

        new("POST", ApiRoutes.LogIn, null),
        new("POST", ApiRoutes.LogOut, TokenRole.Read),
        new("GET", ApiRoutes.Users, TokenRole.Admin),
        new("PUT", ApiRoutes.UserPattern, TokenRole.Admin),
        new("DELETE", ApiRoutes.UserPattern, TokenRole.Admin),

        new("GET", ApiRoutes.Secrets, TokenRole.Read),
        new("PUT", ApiRoutes.SecretPattern, TokenRole.Admin),
        new("POST", ApiRoutes.SecretRotationPattern, TokenRole.Admin),
        new("DELETE", ApiRoutes.SecretPattern, TokenRole.Admin),
        new("POST", ApiRoutes.SecretKeyRotations, TokenRole.Admin),
        // No person's role opens this one: values go to agents alone.
        new("GET", ApiRoutes.ServerSecretsPattern, TokenRole.Agent, Parts.Agents),

        new("GET", ApiRoutes.Roots, null),
        new("POST", ApiRoutes.Join, null),
        new("POST", ApiRoutes.Certificates, TokenRole.Admin, Parts.Agents | Parts.Late),
        new("POST", ApiRoutes.JoinTokenPattern, TokenRole.Admin),
        new("DELETE", ApiRoutes.ServerIdentityPattern, TokenRole.Admin),

        new("PUT", ApiRoutes.RespitePattern, TokenRole.Admin),
        new("DELETE", ApiRoutes.RespitePattern, TokenRole.Admin),

        new("GET", ApiRoutes.AssignmentPattern, TokenRole.Admin, Parts.Agents),
        new("POST", ApiRoutes.ServerReportPattern, TokenRole.Admin, Parts.Agents),
        new("GET", ApiRoutes.SetOrdersPattern, TokenRole.Admin, Parts.Agents),
        new("POST", ApiRoutes.SetWordsPattern, TokenRole.Admin, Parts.Agents),
        new("GET", ApiRoutes.TasksPattern, TokenRole.Admin, Parts.Agents),
        new("POST", ApiRoutes.TaskOutputPattern, TokenRole.Admin, Parts.Agents),
        new("GET", ApiRoutes.ArchivePattern, TokenRole.Admin, Parts.Agents),
        new("PUT", ApiRoutes.ArchivePattern, TokenRole.Admin, Parts.Agents),
        new("GET", ApiRoutes.SourcePattern, TokenRole.Admin, Parts.Agents),
        new("GET", ApiRoutes.SnapshotPattern, TokenRole.Admin, Parts.Balancers),
        new("POST", ApiRoutes.BalancerReportPattern, TokenRole.Admin, Parts.Balancers),
    ];

    private static readonly Dictionary<(string, string), Rule> ByRoute = Rules.ToDictionary(rule => (rule.Method, rule.Pattern));

    /// <summary>The rule of a route, or null when there is none.</summary>
    public static Rule? Of(string method, string pattern) => ByRoute.GetValueOrDefault((method, pattern));
}
