using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Tokens for people, scripts and apps. A token is shown once, when it is made; from then on only the start of its hash.</summary>
internal sealed class TokenEndpoints(ClusterLoop loop, Boards boards, TokenBook tokens, TimeProvider time)
{
    private const int IdLength = 12;

    /// <summary>More than a team has people, scripts and servers.</summary>
    private const int MaxTokens = 20_000;

    /// <summary>Endpoints of one app's token; all of them go to every registrar.</summary>
    private const int MostEndpoints = 100;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapPost(ApiRoutes.Tokens, Create).WithSummary("A new token for a person, a script or an app; shown this once.");
        api.MapGet(ApiRoutes.Tokens, List).WithSummary("Every token, without itself.");
        api.MapDelete(ApiRoutes.TokenPattern, Delete).WithSummary("Makes a token invalid at once.").Produces(204);
    }

    private Task<NewTokenView> Create(TokenRequest request, HttpContext context, CancellationToken ct)
    {
        _ = Problems.Given(request.Name, "name");
        if (request.Role == TokenRole.Agent) throw Problems.Invalid("role", "Agents have certificates, not tokens.", $"A server joins with what POST {ApiRoutes.JoinTokenPattern} answers.");
        if (!Enum.IsDefined(request.Role)) throw Problems.Invalid("role", "There is no such role.", "Give read, deploy, admin or app.");
        if (request.Name.Length is 0 or > 63 || !request.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw Problems.Invalid("name", "The name is not 1 to 63 lower-case letters, digits and hyphens.", "Give one like \"ci\".");
        if (request.Role == TokenRole.App) return CreateForApp(request, context.Caller(), ct);
        if (request.Route is not null) throw Problems.Invalid("route", "Only an app's token belongs to a route.", "Give the role app, or leave the route out.");
        return IssueAsync(context.Caller(), (token, _) => token with { Role = request.Role, Name = request.Name }, request.Why, ct);
    }

    private async Task<NewTokenView> CreateForApp(TokenRequest request, Caller caller, CancellationToken ct)
    {
        if (request.Route is null && request.Endpoints.IsEmpty) throw Problems.Invalid("route", "A token that opens nothing.", "Name the route it may register for, or endpoints it may ask the broker for.");
        if (request.Endpoints.Length > MostEndpoints || request.Endpoints.Any(e => e is null or { Length: 0 or > 127 }))
            throw Problems.Invalid("endpoints", $"An endpoint has no name, or there are more than {MostEndpoints}.", "Name a service, SERVICE.PORT or an external endpoint.");
        string? key = null;
        var token = await IssueAsync(caller, (document, conductor) =>
        {
            var route = request.Route is null ? null
                : conductor.Cluster.Routes.FirstOrDefault(r => r.Name == request.Route) ?? throw Problems.NotFound("route", request.Route, null);
            if (route is { Kind: RouteKind.Static })
                throw Problems.Invalid("route", $"Route \"{route.Name}\" is static: no app can register for it.", "Make it kind: limited-dynamic in the cluster file first.");
            key = route is { Kind: RouteKind.Dynamic } ? Token.New() : null;
            return document with { Role = TokenRole.App, Name = request.Name, Route = route?.Id, Endpoints = request.Endpoints, KeyHash = key is null ? null : Token.HashOf(key) };
        }, request.Why, ct);
        await TellBalancersAsync(ct);
        return token with { Key = key };
    }

    private ImmutableArray<TokenView> List() =>
    [
        .. tokens.Tokens.OrderBy(t => t.Value.Created).ThenBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => new TokenView(t.Key[..IdLength], t.Value.Name, t.Value.Role, t.Value.Created, t.Value.Route)),
    ];

    private async Task Delete(string token, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        var wasApp = false;
        await loop.ChangeAsync(
            _ =>
            {
                var (hash, found) = tokens.Tokens.FirstOrDefault(t => t.Key[..IdLength] == token);
                if (found is null) throw Problems.NotFound("token", token, null);
                if (found.Role == TokenRole.Admin && tokens.Tokens.Values.Count(t => t.Role == TokenRole.Admin) == 1)
                    throw Problems.Conflict("last-admin", "This is the only admin token.", "Make another one first.");
                wasApp = found.Role == TokenRole.App;
                return new Intent
                {
                    Documents = [new DocumentWrite(TokenBook.KeyOf(hash), null)],
                    Audit = new AuditEntry(caller, $"delete token {token} ({found.Name})", ""),
                };
            },
            ct);
        if (wasApp) await TellBalancersAsync(ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Tokens are no part of the conductor's state, so nothing else tells the balancers of them.</summary>
    private Task TellBalancersAsync(CancellationToken ct) => loop.LookAsync(
        conductor =>
        {
            boards.PostSnapshots(conductor);
            return true;
        },
        ct);

    private async Task<NewTokenView> IssueAsync(Caller caller, Func<TokenDocument, Conductor, TokenDocument> complete, string why, CancellationToken ct)
    {
        var token = Token.New();
        var hash = Token.HashOf(token);
        TokenDocument? made = null;
        await loop.ChangeAsync(
            conductor =>
            {
                if (tokens.Tokens.Count >= MaxTokens) throw Problems.Conflict("too-many-tokens", $"There are {MaxTokens} tokens already.", "Delete those not needed.");
                made = complete(new TokenDocument { Role = TokenRole.Read, Name = "", Created = time.GetUtcNow() }, conductor);
                return new Intent
                {
                    Documents = [new DocumentWrite(TokenBook.KeyOf(hash), JsonSerializer.SerializeToUtf8Bytes(made, AccessJson.Default.TokenDocument))],
                    Audit = new AuditEntry(caller, $"make token {hash[..IdLength]} ({made.Name})", why),
                };
            },
            ct);
        return new NewTokenView(hash[..IdLength], made!.Name, made.Role, token);
    }
}
