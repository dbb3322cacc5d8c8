using System.CommandLine;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Host;
using OpenCluster.Ssh;
using OpenCluster.Trust.Tls;
using OpenCluster.Verbs.Deploying;
using OpenCluster.Verbs.Files;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster cluster create FILE --list servers.txt</c>: bare hosts become a cluster that runs what the file says.</summary>
internal static class ClusterVerbs
{
    private static readonly Option<string> Admin = new("--admin") { Description = "Name of the first user, who may do everything", DefaultValueFactory = _ => "admin" };
    private static readonly Option<int> Port = new("--port") { Description = "Where the controller serves the API", DefaultValueFactory = _ => 7400 };

    public static Command Create()
    {
        var command = new Command("cluster", ClientVerb.WithExamples(
            "Make a whole cluster of hosts that can be reached by ssh.", "opencluster cluster create cluster.yaml --list servers.txt --admin ann"));
        var create = new Command("create", ClientVerb.WithExamples(
            "Make bare hosts a cluster: check them all, install the first, apply the file, join the others. Asks for the first user's password, or reads it from standard input.",
            "opencluster cluster create cluster.yaml --list servers.txt --admin ann", "opencluster cluster create cluster.yaml --list servers.txt --identity ~/.ssh/cluster < password"));
        create.Arguments.Add(FileArguments.File);
        foreach (var option in (Option[])[FileArguments.Set, SshArguments.List, SshArguments.Identity, SshArguments.AcceptNew, SshArguments.Executable, Admin, Port]) create.Options.Add(option);
        create.SetAction((parsed, ct) =>
        {
            var screen = new Screen(parsed);
            return ClientVerb.GuardedAsync(screen, () => SshArguments.WithAsync(parsed, many: true, options => CreateAsync(parsed, screen, options, ct)));
        });
        command.Subcommands.Add(create);
        return command;
    }

    private static async Task<int> CreateAsync(ParseResult parsed, Screen screen, SshOptions options, CancellationToken ct)
    {
        var (time, port) = (TimeProvider.System, parsed.GetValue(Port));
        var request = await FileArguments.RequestAsync(parsed, ct).ConfigureAwait(false);
        var cluster = FileArguments.Read(request).Cluster;
        var targets = await SshArguments.TargetsAsync(parsed.GetValue(SshArguments.List) ?? throw new FormatException("Which hosts? Name them with --list FILE, one a line: NAME USER@HOST."), ct).ConfigureAwait(false);
        var progress = new HostProgress(screen, time);
        var file = await OneFile.OfAsync(parsed.GetValue(SshArguments.Executable), ct).ConfigureAwait(false);
        var creation = new ClusterCreation(cluster, targets, file, options, progress, time);
        creation.CheckNames();
        var answers = new Answers { Admin = parsed.GetRequiredValue(Admin), Port = port, Password = await SecretInput.ReadAsync($"Password of {parsed.GetRequiredValue(Admin)}, 12 characters or more", twice: true, ct).ConfigureAwait(false) };
        try
        {
            // Nothing is done anywhere before everything can be done.
            var met = await creation.MeetAsync(port, ct).ConfigureAwait(false);
            if (met.Any(m => !m.Good)) return progress.Tell(met);

            var (url, roots) = await creation.InstallAsync(answers, ct).ConfigureAwait(false);
            using var api = await LogInAsync(url, new Credentials(roots), roots.ToPem(), answers, time, ct).ConfigureAwait(false);
            progress.Tell(targets.First(t => t.Name == creation.First.Name), $"serves the API at {url}; applying {request.FileName}");
            await api.ApplyAsync(request with { Why = "cluster create" }, ct).ConfigureAwait(false);
            var joined = await creation.JoinAsync(new HostJoining(api, file, options, progress, time), ct).ConfigureAwait(false);
            await DirectorySources.DeployAsync(api, cluster, parsed.GetRequiredValue(FileArguments.File).DirectoryName!, ct).ConfigureAwait(false);
            var exit = progress.Tell(joined);
            screen.Say(exit == ExitCode.Done
                ? $"[green]✓[/] {Screen.Plain(cluster.Name)} stands, and you are logged in as {Screen.Plain(answers.Admin)}: `opencluster status`."
                : "The cluster stands, without those. `opencluster server add --list` with the same list tries them again and changes nothing at the others.");
            return exit;
        }
        finally
        {
            await creation.CloseAsync().ConfigureAwait(false);
        }
    }

    private static async Task<ApiClient> LogInAsync(Uri url, Credentials credentials, string roots, Answers answers, TimeProvider time, CancellationToken ct)
    {
        using var anyone = new ApiClient(url, null, time, credentials.Itself);
        var session = await anyone.LogInAsync(new LogInRequest(answers.Admin, answers.Password!), ct).ConfigureAwait(false);
        new CredentialsFile(url.ToString(), roots, session.Token, answers.Admin).Save();
        return new ApiClient(url, session.Token, time, credentials.Itself);
    }
}
