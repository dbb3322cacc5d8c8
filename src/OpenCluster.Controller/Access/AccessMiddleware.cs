using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Http;

namespace OpenCluster.Controller.Access;

/// <summary>Runs after routing: finds the route's rule, then who calls, and lets nobody past who may not.</summary>
internal sealed class AccessMiddleware(TokenBook tokens, FailureLimit failures)
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

        var caller = Authenticate(context.Request.Headers.Authorization.ToString(), from);
        if (!caller.Includes(person) && !(rule.Agents && caller.Role == TokenRole.Agent))
        {
            throw Problems.NotAllowed(
                $"The token \"{caller.Name}\" ({Lower(caller.Role)}) may not {context.Request.Method} {context.Request.Path}: that takes {Lower(person)}.");
        }

        context.Features.Set(caller);
        return next(context);
    }

    private Caller Authenticate(string header, string from)
    {
        if (header.Length == 0) throw Problems.NotAuthenticated("The request has no token.");
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && tokens.Find(header.AsSpan(Scheme.Length).Trim()) is { } token)
            return new Caller(token.Value.Role, token.Value.Name, token.Value.Server, from) { TokenHash = token.Key };
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
