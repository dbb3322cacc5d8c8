using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using OpenCluster.Agent;
using OpenCluster.Api.Client;
using OpenCluster.CommandLine;
using OpenCluster.Host;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster join LINE</c>: makes this machine a server. The agent then finds everything in its directory.</summary>
internal static class JoinVerb
{
    private static readonly Argument<string> Line = new("LINE") { Description = "As `opencluster server add` printed it; - reads it from standard input" };
    private static readonly Option<DirectoryInfo> Directory = new("--directory")
    {
        Description = "The agent's directory",
        DefaultValueFactory = _ => new DirectoryInfo("/var/lib/opencluster/agent"),
    };
    private static readonly Option<DirectoryInfo?> Units = new("--units") { Description = $"Where systemd's units are kept (default: {Systemd.Units}, where systemd runs)" };
    private static readonly Option<string?> Address = new("--address") { Description = "IP address that services here listen at (default: the one that reaches the controller)" };

    public static Command Create()
    {
        var command = new Command("join", ClientVerb.WithExamples(
            "Make this machine a server of a cluster. Its key is made here and never leaves.",
            "opencluster join https://10.0.0.1:7400/#TOKEN.FINGERPRINT"));
        command.Arguments.Add(Line);
        command.Options.Add(Directory);
        command.Options.Add(Units);
        command.Options.Add(Address);
        command.SetAction((parsed, ct) => RunAsync(parsed, ct));
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        var screen = new Screen(parsed);
        return ClientVerb.GuardedAsync(screen, async () =>
        {
            var given = parsed.GetRequiredValue(Line);
            var line = JoinLine.Parse(given == "-" ? await Console.In.ReadLineAsync(ct).ConfigureAwait(false) ?? "" : given);
            var directory = parsed.GetRequiredValue(Directory).FullName;
            var address = parsed.GetValue(Address) ?? AddressTowards(line.Controller);
            System.IO.Directory.CreateDirectory(directory);

            var server = await Joining.JoinAsync(line, new CredentialFiles(AgentOptions.IdentityIn(directory)), AgentHost.MachineIn(directory), TimeProvider.System, ct).ConfigureAwait(false);
            new AgentOptions { Directory = directory, ServerId = server, ServerName = server, Controllers = [line.Controller], Address = address }.Write();
            screen.Say($"[green]✓[/] This machine is server {Screen.Plain(server)}, at {address}.");
            var units = parsed.GetValue(Units)?.FullName ?? (Systemd.Runs && Environment.IsPrivilegedProcess ? Systemd.Units : null);
            if (units is not null)
            {
                await new Systemd(units).KeepUpAsync(Environment.ProcessPath ?? throw new IOException("The path of this executable is not known."), directory, ct).ConfigureAwait(false);
                screen.Say($"[green]✓[/] systemd keeps its agent up: {AgentUnit.Name}.");
                return ExitCode.Done;
            }

            screen.Line($"opencluster agent --directory {directory}");
            screen.Say("[grey]runs its agent; have something keep it up.[/]");
            return ExitCode.Done;
        });
    }

    /// <summary>The address of this machine that the controller sees. Nothing is sent: a UDP socket is only routed.</summary>
    private static string AddressTowards(Uri controller)
    {
        var there = Dns.GetHostAddresses(controller.DnsSafeHost)[0];
        using var socket = new Socket(there.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(there, controller.Port);
        return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
    }
}
