using System.Diagnostics;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Tests.Support;

namespace OpenCluster.Controller.Tests.Conducting;

public sealed class DiskFullTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_refuses_changes_keeps_what_was_acknowledged_and_goes_on_when_there_is_room()
    {
        using var directory = new TemporaryDirectory();
        var disk = Directory.CreateDirectory(directory.In("disk")).FullName;
        if (!await RunAsync("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk)) Assert.Skip("needs mount");
        try
        {
            var token = Controller.Access.Bootstrap.NewToken();
            new Controller.Access.Bootstrap { Admin = token }.Write(directory.In("bootstrap.json"));
            var options = new ControllerOptions { Directory = Path.Combine(disk, "state"), Port = 0, BootstrapFile = directory.In("bootstrap.json") };
            await using var host = await ControllerHost.StartAsync(options, TimeProvider.System, Ct);
            using var admin = new Api.Client.ApiClient(host.Url, token, TimeProvider.System, new OpenCluster.Trust.Tls.Credentials(OpenCluster.Trust.Certificates.RootBundle.Parse(await File.ReadAllTextAsync(Path.Combine(disk, "state", "trust", "roots.pem"), Ct))).Itself);
            await admin.ApplyAsync(new FileRequest { Text = Cluster.TwoServers }, Ct);

            var ballast = Path.Combine(disk, "ballast");
            Fill(ballast);
            var refused = await Waiting.ForAsync(
                "a change refused",
                async () => await Record.ExceptionAsync(() => admin.ScaleAsync("hello", "default", new ScaleRequest(Random.Shared.Next(3, 900)), Ct)) as ProblemException,
                problem => problem is not null,
                Ct);
            Assert.Equal(("not-stored", 503), (refused!.Problem.Code, refused.Problem.Status));
            Assert.Contains("full", refused.Problem.Detail, StringComparison.OrdinalIgnoreCase);

            // The journal's last page may still have room for the short record that shows whether the store writes again; each try takes some of it.
            var status = await Waiting.ForAsync(
                "the status tells of it",
                async () =>
                {
                    await Record.ExceptionAsync(() => admin.ScaleAsync("hello", "default", new ScaleRequest(Random.Shared.Next(3, 900)), Ct));
                    return await admin.StatusAsync(Ct);
                },
                s => s.Sentence.Contains("Nothing can be changed", StringComparison.Ordinal),
                Ct);
            Assert.Equal(1, status.FileVersion);
            Assert.False(status.Healthy);
            Assert.All(await admin.DeploymentsAsync(null, Ct), d => Assert.True(d.Ended || d.Sentence.StartsWith("It waits, because nothing can be stored: ", StringComparison.Ordinal), d.Sentence));

            File.Delete(ballast);
            await Waiting.ForAsync("storing again", () => admin.StatusAsync(Ct), s => !s.Sentence.Contains("Nothing can be changed", StringComparison.Ordinal), Ct);
            Assert.Equal(7, (await admin.ScaleAsync("hello", "default", new ScaleRequest(7), Ct)).Zones[0].Wanted);
        }
        finally
        {
            await RunAsync("umount", disk);
        }
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var block = new byte[4096]; ;) file.Write(block);
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(Ct);
        return process.ExitCode == 0;
    }
}
