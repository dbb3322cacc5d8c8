using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Data.Tests;

/// <summary>A real redis-server that keeps nothing, for a class of tests; ends with it.</summary>
public sealed class RedisServer : IDisposable
{
    private readonly Process process;

    public RedisServer()
    {
        for (var tries = 0; ; tries++)
        {
            Port = FreePort();
            process = Process.Start(new ProcessStartInfo("redis-server", ["--port", $"{Port}", "--save", "", "--appendonly", "no", "--databases", "1", "--daemonize", "no"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            // It says so once it listens; when somebody else was quicker with the port it ends.
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (!line.Contains("Ready to accept connections", StringComparison.Ordinal)) continue;
                // What it says later is read too, or it would wait for somebody to read it.
                _ = process.StandardOutput.ReadToEndAsync();
                return;
            }
            if (tries == 5) throw new IOException("redis-server does not start.");
        }
    }

    public int Port { get; }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
