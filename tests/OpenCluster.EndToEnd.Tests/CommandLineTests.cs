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
