using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Tokens for people, scripts and agents. A token is shown once, when it is made; from then on only the start of its hash.</summary>
internal sealed class TokenEndpoints(ClusterLoop loop, TokenBook tokens, TimeProvider time)
{
    private const int IdLength = 12;

    /// <summary>More than a team has people, scripts and servers.</summary>
    private const int MaxTokens = 20_000;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapPost(ApiRoutes.Tokens, Create).WithSummary("A new token for a person or a script; shown this once.");
        api.MapGet(ApiRoutes.Tokens, List).WithSummary("Every token, without itself.");
        api.MapDelete(ApiRoutes.TokenPattern, Delete).WithSummary("Makes a token invalid at once.").Produces(204);
        api.MapPost(ApiRoutes.ServerTokenPattern, CreateForServer).WithSummary("A new token for a server's agent; shown this once.");
    }

    private Task<NewTokenView> Create(TokenRequest request, HttpContext context, CancellationToken ct)
    {
        _ = Problems.Given(request.Name, "name");
        if (request.Role == TokenRole.Agent) throw Problems.Invalid("role", "An agent's token belongs to a server.", $"Use POST {ApiRoutes.ServerTokenPattern}.");
        if (!Enum.IsDefined(request.Role)) throw Problems.Invalid("role", "There is no such role.", "Give read, deploy or admin.");
        if (request.Name.Length is 0 or > 63 || !request.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw Problems.Invalid("name", "The name is not 1 to 63 lower-case letters, digits and hyphens.", "Give one like \"ci\".");
        return IssueAsync(context.Caller(), _ => (request.Role, request.Name, null), request.Why, ct);
    }

    private Task<NewTokenView> CreateForServer(string serverId, HttpContext context, CancellationToken ct) => IssueAsync(
        context.Caller(),
        conductor =>
        {
            var server = conductor.Cluster.FindServer(serverId);
            return (TokenRole.Agent, "agent " + server.Name, server.Id);
        },
        "",
        ct);

    private ImmutableArray<TokenView> List() =>
    [
        .. tokens.Tokens.OrderBy(t => t.Value.Created).ThenBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => new TokenView(t.Key[..IdLength], t.Value.Name, t.Value.Role, t.Value.Server, t.Value.Created)),
    ];

    private async Task Delete(string token, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        await loop.ChangeAsync(
            _ =>
            {
                var (hash, found) = tokens.Tokens.FirstOrDefault(t => t.Key[..IdLength] == token);
                if (found is null) throw Problems.NotFound("token", token, null);
                if (found.Role == TokenRole.Admin && tokens.Tokens.Values.Count(t => t.Role == TokenRole.Admin) == 1)
                    throw Problems.Conflict("last-admin", "This is the only admin token.", "Make another one first.");
                return new Intent
                {
                    Documents = [new DocumentWrite(TokenBook.KeyOf(hash), null)],
                    Audit = new AuditEntry(caller, $"delete token {token} ({found.Name})", ""),
                };
            },
            ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task<NewTokenView> IssueAsync(Caller caller, Func<Conductor, (TokenRole Role, string Name, string? Server)> whom, string why, CancellationToken ct)
    {
        var token = Token.New();
        var hash = Token.HashOf(token);
        TokenDocument? made = null;
        await loop.ChangeAsync(
            conductor =>
            {
                if (tokens.Tokens.Count >= MaxTokens) throw Problems.Conflict("too-many-tokens", $"There are {MaxTokens} tokens already.", "Delete those not needed.");
                var (role, name, server) = whom(conductor);
                made = new TokenDocument { Role = role, Name = name, Server = server, Created = time.GetUtcNow() };
                return new Intent
                {
                    Documents = [new DocumentWrite(TokenBook.KeyOf(hash), JsonSerializer.SerializeToUtf8Bytes(made, AccessJson.Default.TokenDocument))],
                    Audit = new AuditEntry(caller, $"make token {hash[..IdLength]} ({name})", why),
                };
            },
            ct);
        return new NewTokenView(hash[..IdLength], made!.Name, made.Role, token);
    }
}
