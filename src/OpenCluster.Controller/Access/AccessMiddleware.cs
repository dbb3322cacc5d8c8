using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.Timeouts;
using OpenCluster.Api.Access;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.People;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Controller.Access;

/// <summary>
/// Runs after routing: finds the route's rule, then who calls, and lets nobody past who may not. Parts show a certificate, people and
/// scripts a token. What a caller has open ends when what it showed is taken back.
/// </summary>
internal sealed class AccessMiddleware(TokenBook tokens, DocumentBook<UserDocument> users, ServerIdentities servers, OpenCalls calls, FailureLimit failures, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // No endpoint: the answer is 404 or 405 for everybody, and says nothing about what exists.
        if (context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<AccessTable.Rule>() is not { } rule) return next(context);

        var from = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        if (rule.Person is not { } person)
        {
            context.Features.Set(new Caller(TokenRole.Read, "anyone", null, from));
            return next(context);
        }

        var caller = Authenticate(context, rule, from);
        var may = caller.Includes(person)
            || (caller.Role == TokenRole.Agent && rule.Parts.HasFlag(caller.Balancer is null ? Parts.Agents : Parts.Balancers))
            || (rule.ByZone && caller.Zones.Values.Any(role => role >= person));
        if (!may)
        {
            throw Problems.NotAllowed(
                $"\"{caller.Name}\" ({Lower(caller.Role)}) may not {context.Request.Method} {context.Request.Path}: that takes {Lower(person)}.");
        }

        context.Features.Set(caller);
        return endpoint.Metadata.GetMetadata<DisableRequestTimeoutAttribute>() is not null && caller.Credential is { } credential
            ? UntilRevokedAsync(context, next, rule, from, credential)
            : next(context);
    }

    private async Task UntilRevokedAsync(HttpContext context, RequestDelegate next, AccessTable.Rule rule, string from, string credential)
    {
        await using var revoked = calls.RevokedToken(credential).Register(context.Abort);
        // Taken back after it was checked and before it was listened for: then nobody was told.
        Authenticate(context, rule, from);
        await next(context);
    }

    private Caller Authenticate(HttpContext context, AccessTable.Rule rule, string from)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length > 0) return Person(header, from);
        return Peer.Of(context) is { } peer ? Part(context, peer, rule, from) : throw Problems.NotAuthenticated("The request has no token.");
    }

    private Caller Part(HttpContext context, Peer peer, AccessTable.Rule rule, string from)
    {
        var expired = time.GetUtcNow() > peer.Until;
        if (expired && !rule.Parts.HasFlag(Parts.Late))
            throw Problems.NotAuthenticated($"The certificate of {peer.Part.Kind} {peer.Part.Id} ran out at {peer.Until:u}.", $"Renew it with POST {Api.ApiRoutes.Certificates}.");
        switch (peer.Part.Kind)
        {
            case PartKind.Agent:
                var server = servers.Require(peer.Key, MachineMark.Parse(context.Request.Headers[MachineMark.Header].ToString()), from);
                return new Caller(TokenRole.Agent, "agent " + peer.Part.Id, server.Server, from) { Credential = peer.Key, Late = expired };
            case PartKind.LoadBalancer:
                return new Caller(TokenRole.Agent, "load-balancer " + peer.Part.Id, null, from) { Credential = peer.Key, Balancer = peer.Part.Id };
            default:
                throw Problems.NotAllowed($"A {peer.Part.Kind} has nothing to ask here.");
        }
    }

    private Caller Person(string header, string from)
    {
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && tokens.Find(header.AsSpan(Scheme.Length).Trim()) is { } token)
        {
            if (token.Value.Expires < time.GetUtcNow()) throw Problems.NotAuthenticated($"The session ended at {token.Value.Expires:u}.", "Log in again: `opencluster login`.");
            // A session may what its user may now, not what they might when it began.
            var user = token.Value.User is { } name ? users.Find(name) ?? throw Problems.NotAuthenticated($"The user \"{name}\" was removed.") : null;
            return new Caller(user?.Role ?? token.Value.Role, token.Value.Name, null, from)
            {
                Credential = token.Key,
                Zones = user?.Zones ?? ImmutableSortedDictionary<string, TokenRole>.Empty,
            };
        }

        if (failures.Record(from)) throw Problems.TooManyFailures();
        throw Problems.NotAuthenticated("The token is not one of this cluster's.");
    }

    private static string Lower(TokenRole role) => role switch { TokenRole.Agent => "agent", TokenRole.App => "app", TokenRole.Read => "read", TokenRole.Deploy => "deploy", _ => "admin" };
}

internal static class CallerOfRequest
{
    /// <summary>Set for every mapped route by <see cref="AccessMiddleware"/>.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request passed no access rule.");
}
