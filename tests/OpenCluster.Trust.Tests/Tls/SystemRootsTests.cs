using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Trust.Tests.Tls;

public sealed class SystemRootsTests
{
    [Theory]
    [InlineData("SSL_CERT_FILE")]
    [InlineData("SSL_CERT_DIR")]
    public async Task Processes_that_are_started_see_the_machines_store_as_before(string variable)
    {
        var before = Environment.GetEnvironmentVariable(variable);

        SystemRoots.LeaveAside();

        using var child = Process.Start(new ProcessStartInfo("sh", ["-c", $"printf %s \"${variable}\""]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        Assert.Equal(before ?? "", await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_machines_roots_can_be_read_from_their_file_by_who_wants_them()
    {
        Assert.SkipUnless(File.Exists(SystemRoots.File), "needs the package ca-certificates");
        SystemRoots.LeaveAside();
        var roots = new X509Certificate2Collection();

        roots.ImportFromPemFile(SystemRoots.File);

        Assert.NotEmpty(roots);
    }
}
