using System.CommandLine;
using OpenCluster.Agent;
using OpenCluster.CommandLine;
using OpenCluster.Laptop;

namespace OpenCluster.Host;

/// <summary><c>opencluster install</c> and <c>uninstall</c>: the first server of a cluster, from nothing, and away again.</summary>
internal static class InstallVerbs
{
    private static readonly Option<string?> AnswersFile = new("--answers") { Description = "File of JSON: cluster, server, address, port, admin, passwordFile; nothing is asked then. - reads it from standard input, where \"password\" may stand too" };
    private static readonly Option<DirectoryInfo> Root = new("--directory") { Description = "Where everything is kept", DefaultValueFactory = _ => new DirectoryInfo("/var/lib/opencluster") };
    private static readonly Option<DirectoryInfo> Units = new("--units") { Description = "Where systemd's units are kept", DefaultValueFactory = _ => new DirectoryInfo(Systemd.Units) };
    private static readonly Option<bool> Plan = new("--plan") { Description = "Only show what would be done" };
    private static readonly Option<bool> Data = new("--data") { Description = "Delete the data too: what services keep, and the cluster's state and authority" };

    public static Command Install()
    {
        var command = new Command("install", ClientVerb.WithExamples(
            "Make this machine the first server of a cluster: asks a few questions, shows what it will do, and does it.",
            "sudo opencluster install", "sudo opencluster install --answers answers.json", "opencluster install --answers answers.json --plan"));
        foreach (var option in (Option[])[AnswersFile, Root, Units, Plan]) command.Options.Add(option);
        command.SetAction((parsed, ct) =>
        {
            var screen = new Screen(parsed);
            return ClientVerb.GuardedAsync(screen, () => InstallAsync(parsed, screen, ct));
        });
        return command;
    }

    public static Command Uninstall()
    {
        var command = new Command("uninstall", ClientVerb.WithExamples(
            "Drain and stop everything on this server and take its unit away. Data is kept, and named.",
            "sudo opencluster uninstall", "sudo opencluster uninstall --data"));
        foreach (var option in (Option[])[Root, Units, Data]) command.Options.Add(option);
        command.SetAction((parsed, ct) =>
        {
            var screen = new Screen(parsed);
            return ClientVerb.GuardedAsync(screen, () => UninstallAsync(parsed, screen, ct));
        });
        return command;
    }

    private static async Task<int> InstallAsync(ParseResult parsed, Screen screen, CancellationToken ct)
    {
        var (root, units) = (parsed.GetRequiredValue(Root).FullName, parsed.GetRequiredValue(Units).FullName);
        var executable = Environment.ProcessPath ?? throw new IOException("The path of this executable is not known.");
        if (File.Exists(Path.Combine(Installation.AgentIn(root), "agent.json")))
            throw new IOException($"This machine is a server already, in {root}. Nothing was changed. `opencluster uninstall` takes it away.");
        var file = parsed.GetValue(AnswersFile);
        var answers = file is null ? Answers.Ask(screen) : Answers.Read(file);
        var installation = new Installation(answers, root, TimeProvider.System);
        foreach (var step in installation.Plan(executable, units)) screen.Line($"+ {step}");
        if (parsed.GetValue(Plan)) return ExitCode.Done;
        if (!Environment.IsPrivilegedProcess) throw new IOException("Units and users of services' own take root: run it with sudo. Nothing was changed.");
        if (!Systemd.Runs && units == Systemd.Units) throw new IOException("systemd does not run here, and nothing else would keep the agent up. `opencluster up FILE` runs a cluster without it. Nothing was changed.");
        if (executable.Contains(' ', StringComparison.Ordinal) || root.Contains(' ', StringComparison.Ordinal)) throw new IOException("Units take no paths with spaces. Nothing was changed.");
        if (file is null && !screen.Confirm("Do it?")) return ExitCode.Failed;

        var password = await answers.PasswordAsync(ct).ConfigureAwait(false);
        installation.Write(executable);
        await new Systemd(units).KeepUpAsync(executable, Installation.AgentIn(root), ct).ConfigureAwait(false);
        await installation.BeginAsync(password, ct).ConfigureAwait(false);
        screen.Say($"[green]✓[/] {Screen.Plain(answers.Server)} is the first server of {Screen.Plain(answers.Cluster)}, and you are logged in as {Screen.Plain(answers.Admin)}.");
        screen.Say($"Next: change {Screen.Plain(installation.ClusterFile)} and `opencluster apply` it; `opencluster server add NAME` prints the line for the next server.");
        return ExitCode.Done;
    }

    private static async Task<int> UninstallAsync(ParseResult parsed, Screen screen, CancellationToken ct)
    {
        var root = parsed.GetRequiredValue(Root).FullName;
        var agent = Installation.AgentIn(root);
        if (!File.Exists(Path.Combine(agent, "agent.json"))) throw new IOException($"There is no server in {root}. Nothing was changed.");
        await new LaptopServer(AgentOptions.Read(agent), Environment.ProcessPath ?? "opencluster", TimeProvider.System).StopAllAsync(ct).ConfigureAwait(false);
        await new Systemd(parsed.GetRequiredValue(Units).FullName).LetGoAsync(ct).ConfigureAwait(false);
        if (parsed.GetValue(Data))
        {
            Directory.Delete(root, recursive: true);
            screen.Say($"[green]✓[/] Nothing is left: {Screen.Plain(root)} is deleted.");
            return ExitCode.Done;
        }

        // Without it the directory is no server's any more, and another `install` or `join` finds no half of one.
        File.Delete(Path.Combine(agent, "agent.json"));
        screen.Say($"[green]✓[/] The server is gone. Kept: {Screen.Plain(agent)} (what services keep, releases, logs, this server's key)"
            + (Directory.Exists(Installation.ControllerIn(root)) ? $" and {Screen.Plain(Installation.ControllerIn(root))} (the cluster's state and authority)." : "."));
        return ExitCode.Done;
    }
}
