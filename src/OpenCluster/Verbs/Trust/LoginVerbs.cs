using System.CommandLine;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster login URL</c> and <c>logout</c>: a session, kept in a file of this user's own.</summary>
internal static class LoginVerbs
{
    private static readonly Argument<string> Url = new("URL") { Description = "The controller, https://HOST:7400" };
    private static readonly Option<string> User = new("--user", "-u") { Description = "Who you are", DefaultValueFactory = _ => Environment.UserName };
    private static readonly Option<string?> Fingerprint = new("--fingerprint") { Description = "Of the cluster's root, as `opencluster trust` shows it there" };

    public static Command LogIn()
    {
        var command = new Command("login", ClientVerb.WithExamples(
            "Log in to a cluster: asks for your password (or reads it from standard input) and keeps the session for this user of the machine.",
            "opencluster login https://10.0.0.1:7400 --user ann --fingerprint 4f1c…"));
        command.Arguments.Add(Url);
        command.Options.Add(User);
        command.Options.Add(Fingerprint);
        command.SetAction((parsed, ct) =>
        {
            var screen = new Screen(parsed);
            return ClientVerb.GuardedAsync(screen, async () =>
            {
                var (url, user) = (Context.UrlOf(parsed.GetRequiredValue(Url)), parsed.GetRequiredValue(User));
                var root = await JoinLine.RootAsync(url, parsed.GetValue(Fingerprint) ?? throw Unknown(), TimeProvider.System, ct).ConfigureAwait(false);
                var password = await SecretInput.ReadAsync($"Password of {user}", twice: false, ct).ConfigureAwait(false);
                using var api = new ApiClient(url, null, TimeProvider.System, new Credentials(root).Itself);
                var session = await api.LogInAsync(new LogInRequest(user, password), ct).ConfigureAwait(false);
                // Over a connection that the fingerprint vouches for: now all of them, also one that is being introduced.
                var roots = await api.RootsAsync(ct).ConfigureAwait(false);
                new CredentialsFile(url.ToString(), roots.Roots, session.Token, user).Save();
                screen.Say($"[green]✓[/] {Screen.Plain(user)} ({session.Role.ToString().ToLowerInvariant()}) until {session.Expires.ToLocalTime():yyyy-MM-dd HH:mm}");
                return ExitCode.Done;
            });
        });
        return command;
    }

    public static Command LogOut() => ClientVerb.Create("logout", "End the session of `opencluster login`, here and on the controller.", ["opencluster logout"], [], async (call, ct) =>
    {
        if (CredentialsFile.Read() is not { } kept)
        {
            call.Screen.Say("Nobody is logged in here.");
            return ExitCode.Done;
        }

        using var api = Context.Of(kept).Client(TimeProvider.System);
        try
        {
            await api.LogOutAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            CredentialsFile.Forget();
        }

        return ExitCode.Done;
    });

    private static FormatException Unknown() => new(
        "Without --fingerprint nobody could tell the controller from somebody who stands between. On a machine that is logged in, `opencluster trust` shows it; so does `openssl x509 -noout -fingerprint -sha256 -in roots.pem` in the controller's directory.");
}
