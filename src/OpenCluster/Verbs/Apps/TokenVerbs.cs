using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster token create|list|delete</c>: tokens for people, scripts and apps. A token is shown once, when it is made.</summary>
internal static class TokenVerbs
{
    private static readonly Argument<string> Name = new("NAME") { Description = "Whom it stands for: lower-case letters, digits and hyphens" };
    private static readonly Argument<string> Id = new("ID") { Description = "As `token list` shows it" };
    private static readonly Option<TokenRole?> Role = new("--role") { Description = "For a person or a script: read, deploy or admin" };
    private static readonly Option<bool> App = new("--app") { Description = "For an app: opens load-balancers, not the controller" };
    private static readonly Option<string?> Route = new("--route") { Description = "With --app: the route it may register for" };
    private static readonly Option<string[]> Endpoint = new("--endpoint") { Description = "With --app: an endpoint it may ask the broker for; may be repeated", AllowMultipleArgumentsPerToken = true };

    public static Command Create()
    {
        var token = new Command("token", "Make, list and delete tokens of people, scripts and apps.");
        token.Subcommands.Add(Making());
        token.Subcommands.Add(Listing());
        token.Subcommands.Add(Deleting());
        return token;
    }

    private static Command Making() => ClientVerb.Create(
        "create", "Make a token. It is shown this once; the controller keeps only its hash.",
        ["opencluster token create ci --role deploy", "opencluster token create orders --app --route shop", "opencluster token create orders --app --endpoint db --endpoint mail"],
        [Name, Role, App, Route, Endpoint, Files.FileArguments.Why], async (call, ct) =>
        {
            var isApp = call.Parsed.GetValue(App);
            if (isApp == call.Parsed.GetValue(Role) is not null)
            {
                call.Screen.Error("usage", "Say what it is for: --app, or --role read, deploy or admin.");
                return ExitCode.Usage;
            }
            var request = new TokenRequest(call.Parsed.GetRequiredValue(Name), isApp ? TokenRole.App : call.Parsed.GetValue(Role)!.Value, call.Parsed.GetRequiredValue(Files.FileArguments.Why))
            {
                Route = call.Parsed.GetValue(Route),
                Endpoints = [.. call.Parsed.GetValue(Endpoint) ?? []],
            };
            var made = await call.Api.NewTokenAsync(request, ct).ConfigureAwait(false);
            if (call.Json)
            {
                call.Screen.Json(made, ApiJson.Default.NewTokenView);
                return ExitCode.Done;
            }
            // The token alone is the result, so that it can go into a file; a key is another secret, and for a person.
            call.Screen.Line(made.Token);
            if (made.Key is { } key) call.Screen.Say($"key: {key}");
            return ExitCode.Done;
        });

    private static Command Listing() => ClientVerb.Create(
        "list", "List tokens, without themselves.", ["opencluster token list"], [], async (call, ct) =>
        {
            var tokens = await call.Api.TokensAsync(ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(tokens, ApiJson.Default.ImmutableArrayTokenView);
            else
            {
                call.Screen.Table(["id", "name", "role", "for", "made"],
                    tokens.Select(t => (string[])[Screen.Plain(t.Id), Screen.Plain(t.Name), t.Role.ToString().ToLowerInvariant(), Screen.Plain(t.Route ?? "-"), $"{t.Created.ToLocalTime():yyyy-MM-dd HH:mm}"]),
                    "no tokens");
            }
            return ExitCode.Done;
        });

    private static Command Deleting() => ClientVerb.Create(
        "delete", "Make a token invalid at once, with load-balancers as soon as they hear of it.", ["opencluster token delete 3f0c2a9b11de"], [Id], async (call, ct) =>
        {
            await call.Api.DeleteTokenAsync(call.Parsed.GetRequiredValue(Id), ct).ConfigureAwait(false);
            return ExitCode.Done;
        });
}
