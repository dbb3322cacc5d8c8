using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Ssh;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster server add|rejoin|remove NAME</c>: who is a server of the cluster, and which carry no load for a while. What it is for stands in the cluster file.</summary>
internal static class ServerVerbs
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The server's name, as in the cluster file" };
    private static readonly Option<int> Minutes = new("--minutes") { Description = "How long the line is good, 1 to 1440", DefaultValueFactory = _ => 60 };

    private static readonly Option<bool> NoWait = new("--no-wait") { Description = "Do not wait until it carries nothing" };

    public static Command Create()
    {
        var command = new Command("server", ClientVerb.WithExamples(
            "Add and remove servers: print the line a new one joins by, replace a machine, strike one off.",
            "opencluster server add web3", "opencluster server add web3 --ssh root@10.0.0.7", "opencluster server add --list servers.txt", "opencluster server drain web3", "opencluster server rejoin web3", "opencluster server remove web3 --why 'sold'"));
        command.Subcommands.Add(Add());
        command.Subcommands.Add(Line("rejoin", "Print a line by which another machine takes a server's place; the key it had is struck off then.", rejoin: true));
        command.Subcommands.Add(Rest("drain", "Take the load off a server: what can run elsewhere moves, replacement first, and nothing new comes. Waits until it has.", maintenance: false));
        command.Subcommands.Add(Rest("maintain", "The same for a server that will be away: its load-balancers stop too while others serve, and that it goes and boots is no trouble.", maintenance: true));
        command.Subcommands.Add(ClientVerb.Create("resume", "Let a server carry load again after drain or maintain.", ["opencluster server resume web3"], [Name, Files.FileArguments.Why], async (call, ct) =>
        {
            await call.Api.RestAsync(call.Parsed.GetRequiredValue(Name), null, call.Parsed.GetRequiredValue(Files.FileArguments.Why), ct).ConfigureAwait(false);
            return ExitCode.Done;
        }));
        command.Subcommands.Add(ClientVerb.Create(
            "remove", "Strike off a server's key: its agent and load-balancers are refused at once. What runs there goes on until you stop it.",
            ["opencluster server remove web3 --why 'sold'"], [Name, Files.FileArguments.Why], async (call, ct) =>
            {
                var name = call.Parsed.GetRequiredValue(Name);
                await call.Api.StrikeOffAsync(name, call.Parsed.GetRequiredValue(Files.FileArguments.Why), ct).ConfigureAwait(false);
                call.Screen.Say($"Server {Screen.Plain(name)} is struck off. Take it out of the cluster file too, so that nothing is placed there.");
                return ExitCode.Done;
            }));
        return command;
    }

    private static Command Add()
    {
        var name = new Argument<string?>("NAME") { Description = "The server's name, as in the cluster file", Arity = ArgumentArity.ZeroOrOne };
        var ssh = new Option<string?>("--ssh") { Description = "Do it there: [NAME] USER@HOST[:PORT] [SHA256:FINGERPRINT]" };
        return ClientVerb.Create(
            "add", "Print the line by which a new server joins, good once and not for long; or with --ssh or --list do it there: check the host, copy this program, join. Again changes nothing.",
            ["opencluster server add web3", "opencluster server add web3 --ssh root@10.0.0.7", "opencluster server add --list servers.txt --identity ~/.ssh/cluster"],
            [name, Minutes, ssh, SshArguments.List, SshArguments.Identity, SshArguments.AcceptNew, SshArguments.Executable, Files.FileArguments.Why], async (call, ct) =>
            {
                var (given, one, list) = (call.Parsed.GetValue(name), call.Parsed.GetValue(ssh), call.Parsed.GetValue(SshArguments.List));
                if (one is not null && list is not null) throw new FormatException("--ssh is for one host and --list for several: give one of the two.");
                if (list is null && one is null) return await PrintLineAsync(call, given ?? throw new FormatException("Which server? `opencluster server add NAME`, or hosts by --ssh or --list."), rejoin: false, ct).ConfigureAwait(false);
                if (list is not null && given is not null) throw new FormatException("With --list the names stand in the list.");
                var targets = list is null ? [SshTarget.Parse(one!, given, "--ssh")] : await SshArguments.TargetsAsync(list, ct).ConfigureAwait(false);
                return await OverSshAsync(call, targets, ct).ConfigureAwait(false);
            });
    }

    private static Task<int> OverSshAsync(Call call, IReadOnlyList<SshTarget> targets, CancellationToken ct) =>
        SshArguments.WithAsync(call.Parsed, targets.Count > 1, async options =>
        {
            var time = TimeProvider.System;
            var progress = new HostProgress(call.Screen, time);
            var joining = new HostJoining(call.Api, await OneFile.OfAsync(call.Parsed.GetValue(SshArguments.Executable), ct).ConfigureAwait(false), options, progress, time);
            return progress.Tell(await HostJoining.EachAsync(targets, (target, token) => joining.JoinAsync(target, address: null, token), ct).ConfigureAwait(false));
        });

    private static Command Rest(string verb, string description, bool maintenance) => ClientVerb.Create(
        verb, description, [$"opencluster server {verb} web3 --why 'new disk'"], [Name, NoWait, Files.FileArguments.Why], async (call, ct) =>
        {
            var name = call.Parsed.GetRequiredValue(Name);
            await call.Api.RestAsync(name, new RespiteRequest(maintenance, call.Parsed.GetRequiredValue(Files.FileArguments.Why)), "", ct).ConfigureAwait(false);
            return call.Parsed.GetValue(NoWait) ? ExitCode.Done : await Leaving.WatchAsync(call, name, maintenance, TimeProvider.System, ct).ConfigureAwait(false);
        });

    private static Command Line(string verb, string description, bool rejoin) => ClientVerb.Create(
        verb, description, [$"opencluster server {verb} web3"], [Name, Minutes, Files.FileArguments.Why], (call, ct) => PrintLineAsync(call, call.Parsed.GetRequiredValue(Name), rejoin, ct));

    private static async Task<int> PrintLineAsync(Call call, string name, bool rejoin, CancellationToken ct)
    {
        var request = new JoinTokenRequest(call.Parsed.GetValue(Minutes), rejoin, call.Parsed.GetRequiredValue(Files.FileArguments.Why));
        var made = await call.Api.NewJoinTokenAsync(name, request, ct).ConfigureAwait(false);
        if (call.Json) call.Screen.Json(made, ApiJson.Default.JoinTokenView);
        else
        {
            call.Screen.Line($"opencluster join {made.Line}");
            call.Screen.Say($"[grey]Paste it on the server, until {made.Expires.ToLocalTime():HH:mm:ss}. It is good once.[/]");
        }

        return ExitCode.Done;
    }
}
