using System.Diagnostics;

namespace OpenCluster.Data.Tests.Clients;

/// <summary>Programs that others wrote, doing what they do with Redis.</summary>
public sealed class RealClientTests
{
    [Fact]
    public void Redis_py_does_what_applications_do()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        Assert.Equal("done\n", Run("/usr/bin/python3", "", [Path.Combine(AppContext.BaseDirectory, "Clients", "idioms.py"), $"{host.Port}"]));
    }

    [Fact]
    public void Redis_cli_talks_in_both_versions_and_by_lines()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        Assert.Equal("OK\n", Run("redis-cli", "", ["-p", $"{host.Port}", "set", "k", "v"]));
        Assert.Equal("\"v\"\n", Run("redis-cli", "", ["-3", "--no-raw", "-p", $"{host.Port}", "get", "k"]));
        Assert.Equal("(integer) 1\n", Run("redis-cli", "", ["--no-raw", "-p", $"{host.Port}", "hset", "h", "f", "1"]));
        Assert.Equal("1) \"f\"\n2) \"1\"\n", Run("redis-cli", "", ["--no-raw", "-p", $"{host.Port}", "hgetall", "h"]));
        Assert.StartsWith("ERR unknown command 'eval'", Run("redis-cli", "", ["-p", $"{host.Port}", "eval", "return 1", "0"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Redis_cli_pipes_a_hundred_thousand_commands_in()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        var commands = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"SET key:{i} value:{i}\r\n"));
        Assert.Contains("errors: 0, replies: 100000", Run("redis-cli", commands, ["-p", $"{host.Port}", "--pipe"]), StringComparison.Ordinal);
        Assert.Equal("100000\n", Run("redis-cli", "", ["-p", $"{host.Port}", "dbsize"]));
    }

    /// <summary>What a program says, all of it within a minute.</summary>
    private static string Run(string program, string input, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), $"{program} does not come to an end.");
            return output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult();
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
