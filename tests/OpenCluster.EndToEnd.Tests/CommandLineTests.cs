using System.Diagnostics;

namespace OpenCluster.EndToEnd.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Without_a_cluster_the_answer_says_how_to_get_one()
    {
        var empty = Directory.CreateTempSubdirectory("opencluster-test-");
        var run = await Executable.RunAsync(empty.FullName, "status");
        empty.Delete(recursive: true);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("opencluster up FILE", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task An_unreachable_controller_has_an_exit_code_of_its_own()
    {
        var directory = Directory.CreateTempSubdirectory("opencluster-test-");
        var token = Path.Combine(directory.FullName, "token");
        await File.WriteAllTextAsync(token, "not-a-real-token", TestContext.Current.CancellationToken);
        var run = await Executable.RunAsync(directory.FullName, "status", "--controller", "http://127.0.0.1:1", "--token-file", token);
        directory.Delete(recursive: true);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("No controller answers at http://127.0.0.1:1", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_mistake_of_a_file_is_told_before_anything_starts()
    {
        var directory = Directory.CreateTempSubdirectory("opencluster-test-");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "cluster.yaml"), """
            cluster: broken
            servers:
              web1: {roles: [webserver], lokation: dc}
            services:
              api: {role: webservr, run: "true", instances: many}
            """, TestContext.Current.CancellationToken);
        var run = await Executable.RunAsync(directory.FullName, "up", "cluster.yaml");
        var left = directory.GetFileSystemInfos().Length;
        directory.Delete(recursive: true);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("cluster.yaml:3:", run.Errors, StringComparison.Ordinal);
        Assert.Contains("location", run.Errors, StringComparison.Ordinal);
        Assert.Contains("cluster.yaml:5:", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, left);
    }

    [Theory]
    [InlineData("stauts", "Did you mean \"status\"?")]
    [InlineData("frobnicate", "there is no verb \"frobnicate\"")]
    [InlineData("deploy", "SERVICE")]
    public async Task A_command_line_that_cannot_be_read_is_a_mistake_of_two_lines(string words, string expected)
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), words);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, run.Errors.TrimEnd().Split('\n').Length);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task The_front_page_has_every_verb_on_one_line()
    {
        var run = await Executable.RunAsync(Path.GetTempPath());

        Assert.Equal(0, run.ExitCode);
        Assert.Single(run.Output.Split('\n'), line => line.StartsWith("  deploy SERVICE ", StringComparison.Ordinal));
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 160));
    }

    [Fact]
    public async Task Bash_completes_a_verb()
    {
        var directory = Path.GetDirectoryName(Executable.Path)!;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", """
            source <(opencluster completion bash)
            COMP_LINE="opencluster dep" COMP_POINT=15 COMP_WORDS=(opencluster dep) COMP_CWORD=1
            _opencluster && printf '%s\n' "${COMPREPLY[@]}"
            """])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["PATH"] = $"{directory}:{Environment.GetEnvironmentVariable("PATH")}" },
        })!;
        var words = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("deploy\n", words);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("plan")]
    [InlineData("apply")]
    [InlineData("history")]
    [InlineData("undo")]
    [InlineData("status")]
    [InlineData("servers")]
    [InlineData("services")]
    [InlineData("instances")]
    [InlineData("deploy")]
    [InlineData("rollback")]
    [InlineData("releases")]
    [InlineData("logs")]
    [InlineData("exec")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("demo")]
    [InlineData("simulate")]
    [InlineData("schema")]
    [InlineData("completion")]
    public async Task Every_verb_explains_itself_with_an_example(string verb)
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), verb, "--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"opencluster {verb}", run.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", run.Output, StringComparison.Ordinal);
    }
}
