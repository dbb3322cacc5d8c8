using System.Text;
using Microsoft.Extensions.Logging;
using OpenCluster.Controller.Http;

namespace OpenCluster.Controller.Tests.Http;

public sealed class LineLoggerTests
{
    [Fact]
    public void A_log_on_a_full_disk_loses_its_line_and_fails_nobody()
    {
        using var logs = new LineLoggerProvider(TimeProvider.System, new FullDisk());

        logs.CreateLogger("Test").Log(LogLevel.Warning, "text");

        Assert.Equal(1, logs.Lost);
    }

    private sealed class FullDisk : StringWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => throw new IOException("No space left on device");
    }
}
