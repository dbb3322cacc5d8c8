using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster server add|rejoin|remove NAME</c>: who is a server of the cluster. What it is for stands in the cluster file.</summary>
internal static class ServerVerbs
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The server's name, as in the cluster file" };
    private static readonly Option<int> Minutes = new("--minutes") { Description = "How long the line is good, 1 to 1440", DefaultValueFactory = _ => 60 };

    public static Command Create()
    {
        var command = new Command("server", ClientVerb.WithExamples(
            "Add and remove servers: print the line a new one joins by, replace a machine, strike one off.",
            "opencluster server add web3", "opencluster server rejoin web3", "opencluster server remove web3 --why 'sold'"));
        command.Subcommands.Add(Line("add", "Print the line by which a new server joins; good once, and not for long.", rejoin: false));
        command.Subcommands.Add(Line("rejoin", "Print a line by which another machine takes a server's place; the key it had is struck off then.", rejoin: true));
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

    private static Command Line(string verb, string description, bool rejoin) => ClientVerb.Create(
        verb, description, [$"opencluster server {verb} web3"], [Name, Minutes, Files.FileArguments.Why], async (call, ct) =>
        {
            var request = new JoinTokenRequest(call.Parsed.GetValue(Minutes), rejoin, call.Parsed.GetRequiredValue(Files.FileArguments.Why));
            var made = await call.Api.NewJoinTokenAsync(call.Parsed.GetRequiredValue(Name), request, ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(made, ApiJson.Default.JoinTokenView);
            else
            {
                call.Screen.Line($"opencluster join {made.Line}");
                call.Screen.Say($"[grey]Paste it on the server, until {made.Expires.ToLocalTime():HH:mm:ss}. It is good once.[/]");
            }

            return ExitCode.Done;
        });
}
