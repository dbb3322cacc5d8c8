using System.Collections.Immutable;
using OpenCluster.Api;

namespace OpenCluster.Controller.Http;

/// <summary>The API's problems (RFC 9457), each code once. Thrown where a request cannot go on; <see cref="ProblemMiddleware"/> answers them.</summary>
internal static class Problems
{
    public static ProblemException NotAuthenticated(string detail, string? instead = null) => New(401, "not-authenticated", "Not authenticated", detail,
        instead ?? "Send \"Authorization: Bearer TOKEN\"; the first token is in admin.token in the controller's directory.");

    public static ProblemException TooManyFailures() => New(429, "too-many-failures", "Too many failures",
        "Too many wrong tokens or signatures came from this address.", "Wait a minute, then use the right one.");

    public static ProblemException NotAllowed(string detail) => New(403, "not-allowed", "Not allowed", detail, "Use a token whose role includes it.");

    public static ProblemException Copy(string server, string why) => New(403, "copy-of-a-server", "A copy of a server",
        $"This machine uses the key of server \"{server}\", but {why}.", "If this is the server from now on, join it anew: `opencluster server rejoin NAME` prints the line.");

    public static ProblemException NotFound(string kind, string name, string? similar, string? field = null) => New(404, "not-found", "Not found",
        $"There is no {kind} \"{name}\".", similar is null ? $"List what there is with `opencluster {(kind == "space" ? "data status" : kind + "s")}`." : $"Did you mean \"{similar}\"?", field);

    public static ProblemException Invalid(string field, string detail, string instead) => New(400, "invalid", "Invalid request", detail, instead, field);

    /// <summary>The value, where generated JSON code may have left null for what was missing.</summary>
    public static string Given(string? value, string field) => value ?? throw Invalid(field, $"\"{field}\" is missing.", "See /v1/openapi.json for what this path takes.");

    public static ProblemException Conflict(string code, string detail, string instead, string? field = null) =>
        New(409, code, "Conflict", detail, instead, field);

    /// <summary>All errors of a cluster file at once.</summary>
    public static ProblemException FileInvalid(string fileName, ImmutableArray<string> errors)
    {
        var problem = Of(422, "file-invalid", "The file has errors", $"{fileName} has {errors.Length} error{(errors.Length == 1 ? "" : "s")}.", "Nothing was changed.", "text");
        return new ProblemException(problem with { Errors = errors });
    }

    public static ProblemException Gone(string code, string detail, string instead) => New(410, code, "Gone", detail, instead);

    public static ProblemException TooLarge(string detail, string instead) => New(413, "too-large", "Too large", detail, instead);

    public static ProblemException Busy(string detail) => New(503, "busy", "Busy", detail, "Try again in a second.");

    public static ProblemException Away(string code, string detail, string instead) => New(503, code, "Not available", detail, instead);

    public static ProblemException SetAside(string error) => New(500, "set-aside", "The controller failed at this", $"Deciding about it failed: {error}. Nothing of it was done, and everything else goes on.",
        "This is a mistake in OpenCluster. Report it with what `opencluster status --json` shows under \"aside\".");

    public static ProblemException NotStored(string detail) => New(503, "not-stored", "Nothing was changed", detail, "Then try again; what runs goes on as it is.");

    public static ProblemException NoSpace(string detail) => New(507, "no-space", "No space", detail, "Free space on the controller's disk and try again.");

    public static Problem Of(int status, string code, string title, string detail, string instead, string? field = null) => new()
    {
        Type = "https://opencluster.dev/problems/" + code,
        Title = title,
        Status = status,
        Code = code,
        Detail = detail,
        Instead = instead,
        Field = field,
    };

    private static ProblemException New(int status, string code, string title, string detail, string instead, string? field = null) =>
        new(Of(status, code, title, detail, instead, field));
}
