using OpenCluster.Controller.State;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.State;

public sealed class StateDirectoryTests : IDisposable
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_fresh_directory_is_made_for_its_owner_alone()
    {
        var state = StateDirectory.Open(_directory.In("state"));

        Assert.Equal("opencluster-controller 1\n", File.ReadAllText(_directory.In("state/format")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(state.Root));
        Assert.Equal(state.Root, StateDirectory.Open(state.Root).Root);
    }

    [Fact]
    public void A_directory_of_a_newer_version_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(_directory.In("state"));
        File.WriteAllText(_directory.In("state/format"), "opencluster-controller 2\n");

        Assert.Contains("newer version (format 2; this one knows up to 1)", Refusal(), StringComparison.Ordinal);
        Assert.Equal([_directory.In("state/format")], Directory.EnumerateFileSystemEntries(_directory.In("state")));
    }

    [Theory]
    [InlineData("format", "opencluster-contr", "is damaged")]
    [InlineData("store/journal", "…", "copied or made only in part")]
    [InlineData("holiday.jpg", "…", "other files")]
    public void A_directory_that_is_not_whole_or_not_ours_is_refused(string file, string text, string expected)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_directory.In("state/" + file))!);
        File.WriteAllText(_directory.In("state/" + file), text);

        Assert.Contains(expected, Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_place_of_the_directory_is_refused()
    {
        File.WriteAllText(_directory.In("state"), "");

        Assert.Contains("cannot be used", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_controller_on_the_same_directory_is_refused_and_the_first_goes_on()
    {
        await using var first = await TestController.StartAsync();

        var refused = await Assert.ThrowsAsync<ControllerStartException>(
            () => ControllerHost.StartAsync(new ControllerOptions { Directory = first.State, Port = 0 }, TimeProvider.System, Ct));

        Assert.Contains($"in use by process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        Assert.Equal("No file has been applied yet.", (await first.Admin.StatusAsync(Ct)).Sentence);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_and_the_directory_is_free_again()
    {
        await using var first = await TestController.StartAsync();
        var options = new ControllerOptions { Directory = _directory.In("other"), Port = first.Url.Port };

        var refused = await Assert.ThrowsAsync<ControllerStartException>(() => ControllerHost.StartAsync(options, TimeProvider.System, Ct));
        await using var second = await ControllerHost.StartAsync(options with { Port = 0 }, TimeProvider.System, Ct);

        Assert.Contains($"127.0.0.1:{first.Url.Port}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_store_is_refused_with_the_place()
    {
        await using (var controller = await TestController.StartAsync())
        {
            await controller.StopAsync();
            var journal = Directory.EnumerateFiles(Path.Combine(controller.State, "store"), "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length > 200).First();
            var bytes = File.ReadAllBytes(journal);
            bytes[100] ^= 0xFF;
            File.WriteAllBytes(journal, bytes);

            var refused = await Assert.ThrowsAsync<ControllerStartException>(controller.StartAgainAsync);
            Assert.Contains("is damaged at byte", refused.Message, StringComparison.Ordinal);
        }
    }

    private string Refusal() => Assert.Throws<ControllerStartException>(() => StateDirectory.Open(_directory.In("state"))).Message;
}
