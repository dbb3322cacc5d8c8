using System.Diagnostics;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>
/// A bare host, as far as one machine has two: addresses and directories of their own, and instead of systemd a program that starts what
/// the unit says and nothing else.
/// </summary>
public sealed class InstallTests : IAsyncLifetime
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private readonly string _work = Directory.CreateTempSubdirectory("oc-install-").FullName;
    private readonly string _network = $"127.{Random.Shared.Next(64, 127)}.{Random.Shared.Next(1, 254)}";

    public ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_work, (UnixFileMode)Convert.ToInt32("755", 8));
        foreach (var units in (string[])["units1", "units2"]) Directory.CreateDirectory(Path.Combine(_work, units));
        Script("systemctl", """
            #!/bin/sh
            echo "$UNITS $*" >> "$WORK/systemctl.log"
            [ "$1" = enable ] || exit 0
            line=$(sed -n 's/^ExecStart=//p' "$UNITS/opencluster-agent.service")
            setsid $line >> "$UNITS/agent.log" 2>&1 < /dev/null &
            """);
        File.WriteAllText(Path.Combine(_work, "password"), "four unrelated words here\n");
        File.SetUnixFileMode(Path.Combine(_work, "password"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Path.Combine(_work, "answers.json"), $$"""{"cluster": "shop", "server": "one", "address": "{{_network}}.1", "admin": "ann", "passwordFile": "{{_work}}/password"}""");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in (string[])["2", "1"])
            if (File.Exists(Path.Combine(_work, "host" + host, "agent", "agent.json"))) await RunAsync(host, "uninstall", "--directory", Host(host), "--units", Units(host));
        Directory.Delete(_work, recursive: true);
    }

    [Fact]
    public async Task A_bare_host_becomes_a_cluster_and_a_second_joins_it_by_one_line_and_both_go_away_again()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("needs root");

        var plan = await RunAsync("1", "install", "--answers", In("answers.json"), "--directory", Host("1"), "--units", Units("1"), "--plan");
        Assert.Contains($"https://{_network}.1:7400/", plan.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Host("1")));

        Good(await RunAsync("1", "install", "--answers", In("answers.json"), "--directory", Host("1"), "--units", Units("1")));
        var again = await RunAsync("1", "install", "--answers", In("answers.json"), "--directory", Host("1"), "--units", Units("1"));
        Assert.Contains("is a server already", again.Errors, StringComparison.Ordinal);
        Assert.Equal(2, again.ExitCode);

        await File.AppendAllTextAsync(Path.Combine(Host("1"), "cluster.yaml"), $"  two: {{address: {_network}.2, roles: [webserver]}}\n", Ct);
        Good(await RunAsync("1", "apply", Path.Combine(Host("1"), "cluster.yaml"), "--yes"));
        var line = (await RunAsync("1", "server", "add", "two")).Output.Trim().Split(' ')[^1];
        Good(await RunAsync("2", "join", line, "--directory", Path.Combine(Host("2"), "agent"), "--units", Units("2"), "--address", $"{_network}.2"));
        var replayed = await RunAsync("3", "join", line, "--directory", Path.Combine(_work, "host3", "agent"));
        Assert.Contains("was used", replayed.Errors, StringComparison.Ordinal);
        await UpFixture.UntilAsync(async () =>
        {
            using var servers = JsonDocument.Parse((await RunAsync("1", "servers", "--json")).Output);
            return servers.RootElement.EnumerateArray().Count(s => s.GetProperty("health").GetString() == "alive") == 2;
        });
        Good(await RunAsync("1", "audit", "--verify"));

        // What must not be known: not in the units, not in a log, not in the list of processes.
        foreach (var file in Directory.EnumerateFiles(_work, "*", SearchOption.AllDirectories).Where(f => f.EndsWith(".log", StringComparison.Ordinal) || f.EndsWith(".service", StringComparison.Ordinal)))
            Assert.DoesNotContain("four unrelated words", await File.ReadAllTextAsync(file, Ct), StringComparison.Ordinal);

        Good(await RunAsync("2", "uninstall", "--directory", Host("2"), "--units", Units("2"), "--data"));
        Assert.False(Directory.Exists(Host("2")));
        var kept = Good(await RunAsync("1", "uninstall", "--directory", Host("1"), "--units", Units("1")));
        Assert.Contains(Path.Combine(Host("1"), "controller"), kept.Errors.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Units("1"), "opencluster-agent.service")));
        Assert.DoesNotContain(Process.GetProcesses(), p => CommandLineOf(p.Id).Contains(_work, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_unit_is_one_that_systemd_takes()
    {
        if (!File.Exists("/usr/bin/systemd-analyze")) Assert.Skip("needs systemd-analyze");
        if (!Environment.IsPrivilegedProcess) Assert.Skip("needs root");
        Script("systemctl", """
            #!/bin/sh
            [ "$1" = enable ] && cp "$UNITS/opencluster-agent.service" "$WORK/" && exit 1
            exit 0
            """);

        var refused = await RunAsync("1", "install", "--answers", In("answers.json"), "--directory", Host("1"), "--units", Units("1"));
        Assert.Contains("systemctl enable --now opencluster-agent.service ended with 1", refused.Errors.ReplaceLineEndings(" "), StringComparison.Ordinal);

        using var verify = Process.Start(new ProcessStartInfo("systemd-analyze", ["verify", "--man=no", In("opencluster-agent.service")]) { RedirectStandardError = true, UseShellExecute = false })!;
        var said = await verify.StandardError.ReadToEndAsync(Ct);
        await verify.WaitForExitAsync(Ct);
        Assert.DoesNotContain("opencluster-agent", said, StringComparison.Ordinal);
        File.Delete(Path.Combine(Host("1"), "agent", "agent.json"));
    }

    private string In(string name) => Path.Combine(_work, name);

    private string Host(string number) => In("host" + number);

    private string Units(string number) => In("units" + number);

    private void Script(string name, string text)
    {
        Directory.CreateDirectory(In("bin"));
        File.WriteAllText(Path.Combine(In("bin"), name), text + "\n");
        File.SetUnixFileMode(Path.Combine(In("bin"), name), (UnixFileMode)Convert.ToInt32("755", 8));
    }

    private async Task<Run> RunAsync(string host, params string[] words)
    {
        var start = new ProcessStartInfo(Executable.Path, words) { WorkingDirectory = _work, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        start.Environment["PATH"] = $"{In("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["XDG_CONFIG_HOME"] = In("config");
        (start.Environment["UNITS"], start.Environment["WORK"]) = (Units(host), _work);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);
        return new Run(process.ExitCode, await output, await errors);
    }

    private static Run Good(Run run)
    {
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        return run;
    }

    private static string CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
