using System.Diagnostics;
using System.Globalization;

namespace OpenCluster.Data.Tests.Processes;

/// <summary>A data server in a process of its own, so that it can be killed: this very program, told to be one.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process process;

    private ServerProcess(Process process, int port) => (this.process, Port) = (process, port);

    public int Port { get; }

    public static ServerProcess Start(string directory, string fsync)
    {
        var started = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Program.ServerWord, directory, fsync]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var port = int.Parse(started.StandardOutput.ReadLine() ?? throw new IOException("The server does not start."), CultureInfo.InvariantCulture);
        return new ServerProcess(started, port);
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited) Kill();
        process.Dispose();
    }
}
