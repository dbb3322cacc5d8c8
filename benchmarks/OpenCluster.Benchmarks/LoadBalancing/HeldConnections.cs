using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>
/// Memory of ours: at rest with 1,000 routes, and what each of 10,000 connections takes that was used once and is kept. This process holds the
/// clients' ends, the balancer the others, so that both stay within 20,000 open files.
/// </summary>
internal sealed class HeldConnections(string executable, TextWriter progress, TimeProvider time)
{
    private const int Connections = 10_000;
    private const double RestMegabytes = 60;
    private const double KibibytesEach = 12;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(10);

    /// <summary>For what a start leaves behind to be collected.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    public async Task<IReadOnlyList<Row>> RunAsync(CancellationToken ct)
    {
        using var work = new WorkDirectory();
        var load = Workload.All[0];
        var ports = FreePorts.Take(3);
        await using var backend = Peers.Backend(work, load, ports[0]);
        await backend.ListeningAsync(ports[0], StartTime, time, ct).ConfigureAwait(false);
        await using var ours = OurBalancer.Start(executable, work, load, ports[1], ports[2], ports[0]);
        await ours.ListeningAsync(ports[1], StartTime, time, ct).ConfigureAwait(false);
        await Task.Delay(Rest, time, ct).ConfigureAwait(false);
        var atRest = Proc.ResidentBytes(ours.Pids);

        progress.WriteLine($"{Connections} connections kept");
        var held = new List<Socket>(Connections);
        try
        {
            // Compiled and grown by one connection's requests, so that these are not counted as the connections'.
            held.Add(await ConnectAsync(ports[1], ct).ConfigureAwait(false));
            for (var i = 0; i < 5000; i++) await AskAsync(held[0], ct).ConfigureAwait(false);
            var before = Proc.ResidentBytes(ours.Pids);
            while (held.Count <= Connections)
            {
                held.Add(await ConnectAsync(ports[1], ct).ConfigureAwait(false));
                await AskAsync(held[^1], ct).ConfigureAwait(false);
            }
            var each = (Proc.ResidentBytes(ours.Pids) - before) / 1024.0 / Connections;
            return
            [
                Row.Within("resident at rest, 1,000 routes", atRest / 1048576.0, "MB", RestMegabytes),
                Row.Within("kept connection, 10,000 held", each, "KiB", KibibytesEach),
            ];
        }
        finally
        {
            foreach (var socket in held) socket.Dispose();
        }
    }

    private static async Task<Socket> ConnectAsync(int port, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, ct).ConfigureAwait(false);
        return socket;
    }

    private static async Task AskAsync(Socket socket, CancellationToken ct)
    {
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray(), ct).ConfigureAwait(false);
        var answer = new byte[4096];
        var count = await socket.ReceiveAsync(answer, ct).ConfigureAwait(false);
        if (!answer.AsSpan(0, count).StartsWith("HTTP/1.1 200"u8))
            throw new BenchException($"A kept connection was answered \"{Encoding.ASCII.GetString(answer.AsSpan(0, Math.Min(count, 100)))}\" instead of 200.");
    }
}
