using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

public sealed class DemoTests
{
    private static readonly string[] Acts =
        ["steady", "push", "push-never-starts", "push-fails-later", "kill-instance", "kill-server", "kill-balancer", "kill-controller"];

    [Fact]
    public async Task A_kept_demo_stays_up_after_its_process_until_it_is_taken_down()
    {
        var directory = Directory.CreateTempSubdirectory("opencluster-kept-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)Convert.ToInt32("755", 8));
        var run = await Executable.RunAsync(directory, "demo", "--keep", "--directory", directory);
        var status = await Executable.RunAsync(directory, "status");
        var down = await Executable.RunAsync(directory, "down");
        var afterwards = await Executable.RunAsync(directory, "status");
        Directory.Delete(directory, recursive: true);

        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
        Assert.Equal(0, status.ExitCode);
        Assert.True(down.ExitCode == 0, down.Errors);
        Assert.Equal(3, afterwards.ExitCode);
    }

    [Fact]
    public async Task Demo_breaks_everything_and_no_request_fails()
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), "demo", "--json");

        Assert.True(run.ExitCode == 0, run.Errors);
        using var results = JsonDocument.Parse(run.Output.TrimEnd().Split('\n')[^1]);
        var root = results.RootElement;
        Assert.Equal(0, root.GetProperty("failed").GetInt64());
        Assert.True(root.GetProperty("requests").GetInt64() > 5000, run.Output);
        Assert.Equal(Acts, root.GetProperty("acts").EnumerateArray().Select(a => a.GetProperty("name").GetString()));
        Assert.All(root.GetProperty("acts").EnumerateArray(), act => Assert.NotEqual(JsonValueKind.Null, act.GetProperty("recovered_ms").ValueKind));
    }
}
