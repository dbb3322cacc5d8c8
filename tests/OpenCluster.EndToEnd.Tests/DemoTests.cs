using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests;

public sealed class DemoTests
{
    private static readonly string[] Acts =
        ["steady", "push", "push-never-starts", "push-fails-later", "kill-instance", "kill-server", "kill-balancer", "kill-controller"];

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
