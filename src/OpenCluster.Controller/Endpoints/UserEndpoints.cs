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
using OpenCluster.Controller.People;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Trust.Passwords;

namespace OpenCluster.Controller.Endpoints;

/// <summary>People: users with passwords, and the sessions they open. A session is a token that ends by itself, or with its user.</summary>
internal sealed class UserEndpoints(ClusterLoop loop, OwnBooks books, LogIn logIn, TimeProvider time)
{
    private static readonly TimeSpan SessionTime = TimeSpan.FromHours(12);

    private const int MaxUsers = 10_000;

    /// <summary>Of one user at once; the oldest ends with the next.</summary>
    private const int MaxSessions = 20;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapPost(ApiRoutes.LogIn, OpenSession).WithSummary("Opens a session for a user with a password.");
        api.MapPost(ApiRoutes.LogOut, CloseSession).WithSummary("Ends the session whose token is shown.").Produces(204);
        api.MapGet(ApiRoutes.Users, List).WithSummary("Every user, without passwords.");
        api.MapPut(ApiRoutes.UserPattern, Put).WithSummary("Adds a user or changes one: roles, password.").Produces(204);
        api.MapDelete(ApiRoutes.UserPattern, Delete).WithSummary("Removes a user; all their sessions end at once.").Produces(204);
    }

    private async Task<SessionView> OpenSession(LogInRequest request, HttpContext context, CancellationToken ct)
    {
        var (name, from) = (Problems.Given(request.User, "user"), context.Caller().From);
        var user = await logIn.CheckAsync(name, Problems.Given(request.Password, "password"), from, ct);
        var (token, now) = (Token.New(), time.GetUtcNow());
        var session = new TokenDocument { Role = user.Role, Name = name, User = name, Created = now, Expires = now + SessionTime };
        await loop.ChangeAsync(
            _ =>
            {
                // Removed, or given another password, while this was checked.
                if (books.Users.Find(name)?.PasswordHash != user.PasswordHash) throw Problems.NotAuthenticated("The user has just been changed.", "Log in again.");
                return new Intent
                {
                    Documents = [new DocumentWrite(TokenBook.KeyOf(Token.HashOf(token)), JsonSerializer.SerializeToUtf8Bytes(session, AccessJson.Default.TokenDocument)), .. Ended(name, now)],
                    Audit = new AuditEntry(context.Caller() with { Name = name }, "log in", ""),
                };
            },
            ct);
        return new SessionView(token, name, user.Role, session.Expires.Value);
    }

    private async Task CloseSession(HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        if (caller.Credential is not { } hash || books.Tokens.Tokens.GetValueOrDefault(hash)?.User is null)
            throw Problems.Invalid("", "This token is no session's.", "An admin deletes tokens with `opencluster token delete`.");
        await loop.ChangeAsync(_ => new Intent { Documents = [new DocumentWrite(TokenBook.KeyOf(hash), null)], Audit = new AuditEntry(caller, "log out", "") }, ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private ImmutableArray<UserView> List() =>
    [
        .. books.Users.All.OrderBy(u => u.Key, StringComparer.Ordinal).Select(u => new UserView(
            u.Key, u.Value.Role, u.Value.Zones, u.Value.Created, SessionsOf(u.Key).Count(t => t.Value.Expires > time.GetUtcNow()))),
    ];

    private async Task Put(string user, UserRequest request, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        Check(user, request);
        // A tenth of a second of work, so not in the loop.
        var hash = request.Password is { } password ? await Task.Run(() => PasswordHash.Make(password), ct) : null;
        await loop.ChangeAsync(
            conductor =>
            {
                var before = books.Users.Find(user);
                if (before is null && hash is null) throw Problems.Invalid("password", "A new user needs a password.", $"Give one of at least {PasswordHash.MinLength} characters.");
                if (before is null && books.Users.All.Count >= MaxUsers) throw Problems.Conflict("too-many-users", $"There are {MaxUsers} users already.", "Remove those who left.");
                foreach (var zone in request.Zones.Keys)
                    if (conductor.Cluster.Zones.All(z => z.Name != zone)) throw Problems.NotFound("zone", zone, null, "zones");
                var after = new UserDocument { PasswordHash = hash ?? before!.PasswordHash, Role = request.Role, Zones = request.Zones, Created = before?.Created ?? time.GetUtcNow() };
                // Who has the old password may have a session too.
                var ended = hash is null || before is null ? [] : SessionsOf(user).Where(s => s.Key != caller.Credential).Select(s => new DocumentWrite(TokenBook.KeyOf(s.Key), null));
                return new Intent
                {
                    Documents = [books.Users.Put(user, after), .. ended],
                    Audit = new AuditEntry(caller, $"{(before is null ? "add" : hash is null ? "change" : "set the password of")} user {user}", request.Why, Words(before), Words(after)),
                };
            },
            ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task Delete(string user, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        await loop.ChangeAsync(
            _ =>
            {
                var before = books.Users.Find(user) ?? throw Problems.NotFound("user", user, null);
                return new Intent
                {
                    Documents = [books.Users.Delete(user), .. SessionsOf(user).Select(s => new DocumentWrite(TokenBook.KeyOf(s.Key), null))],
                    Audit = new AuditEntry(caller, $"remove user {user}", "", Words(before)),
                };
            },
            ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void Check(string user, UserRequest request)
    {
        if (user.Length is 0 or > 63 || !user.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'))
            throw Problems.Invalid("user", "The name is not 1 to 63 lower-case letters, digits, dots and hyphens.", "Give one like \"ann\".");
        foreach (var role in request.Zones.Values.Append(request.Role))
            if (role is not (TokenRole.Read or TokenRole.Deploy or TokenRole.Admin)) throw Problems.Invalid("role", "A person has no such role.", "Give read, deploy or admin.");
        if (request.Password is { } password && password.Length is < PasswordHash.MinLength or > PasswordHash.MaxLength)
            throw Problems.Invalid("password", $"A password has {PasswordHash.MinLength} to {PasswordHash.MaxLength} characters.", "Four words that have nothing to do with each other are a good one.");
    }

    private IEnumerable<KeyValuePair<string, TokenDocument>> SessionsOf(string user) => books.Tokens.Tokens.Where(t => t.Value.User == user);

    /// <summary>Sessions that have run out, and the oldest of too many.</summary>
    private IEnumerable<DocumentWrite> Ended(string user, DateTimeOffset now) =>
        books.Tokens.Tokens.Where(t => t.Value.Expires < now).Take(16)
            .Concat(SessionsOf(user).Where(s => s.Value.Expires >= now).OrderByDescending(s => s.Value.Created).Skip(MaxSessions - 1).Take(16))
            .Select(t => new DocumentWrite(TokenBook.KeyOf(t.Key), null));

    private static string? Words(UserDocument? user) =>
        user is null ? null : string.Join(", ", user.Zones.Select(z => $"{z.Value} in {z.Key}").Prepend(user.Role.ToString())).ToLowerInvariant();
}
