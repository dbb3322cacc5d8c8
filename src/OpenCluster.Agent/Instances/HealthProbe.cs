using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Agent.Instances;

/// <param name="Listened">Somebody accepted the connection.</param>
internal readonly record struct ProbeAnswer(bool Good, bool Listened, string Reason);

/// <summary>
/// Asks an instance once whether it serves, by TCP or HTTP. HTTP is written by hand on a socket: one request, one status line, no pool,
/// nothing kept in memory between checks.
/// </summary>
internal static class HealthProbe
{
    /// <summary>Of an answer no more than this is read before the connection is closed, so that closing does not reset it under the app.</summary>
    private const int MostRead = 64 * 1024;

    public static async Task<ProbeAnswer> AskAsync(HealthCheck check, IPAddress address, int port, TimeProvider time, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        var listened = false;
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(address, port), either.Token);
            listened = true;
            if (check.Kind is CheckKind.Tcp) return new ProbeAnswer(true, true, "it accepts connections");
            return await HttpAsync(socket, check, $"{address}:{port}", either.Token);
        }
        catch (SocketException refused)
        {
            return new ProbeAnswer(false, listened, listened ? $"the connection broke: {refused.Message}" : $"connecting to {address}:{port} failed: {refused.Message}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            var what = listened ? $"GET {check.Path} got no answer" : $"{address}:{port} did not accept a connection";
            return new ProbeAnswer(false, listened, $"{what} within {check.Timeout.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s");
        }
    }

    private static async Task<ProbeAnswer> HttpAsync(Socket socket, HealthCheck check, string authority, CancellationToken ct)
    {
        var request = $"GET {check.Path} HTTP/1.1\r\nHost: {check.Host ?? authority}\r\nUser-Agent: opencluster-check\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), ct);
        var buffer = new byte[2048];
        var head = 0;
        while (head < buffer.Length && buffer.AsSpan(0, head).IndexOf((byte)'\n') < 0)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(head), ct);
            if (read is 0) return new ProbeAnswer(false, true, $"GET {check.Path} got no answer: the connection was closed");
            head += read;
        }
        var line = Encoding.ASCII.GetString(buffer, 0, Math.Max(0, buffer.AsSpan(0, head).IndexOf((byte)'\n'))).TrimEnd('\r');
        if (Status(line) is not { } status) return new ProbeAnswer(false, true, $"GET {check.Path} was not answered with HTTP");
        await DrainAsync(socket, buffer, ct);
        return new ProbeAnswer(status is >= 200 and < 400, true, $"GET {check.Path} answered {status}");
    }

    /// <summary>RFC 9112 §4: <c>HTTP/1.1 200 OK</c>.</summary>
    private static int? Status(string line) =>
        line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line.Length >= 12
        && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;

    private static async Task DrainAsync(Socket socket, byte[] buffer, CancellationToken ct)
    {
        try
        {
            for (var total = 0; total < MostRead;)
            {
                var read = await socket.ReceiveAsync(buffer, ct);
                if (read is 0) return;
                total += read;
            }
        }
        catch (Exception late) when (late is SocketException or OperationCanceledException)
        {
            // The status is known; a body that is slow or breaks off is not what was asked.
        }
    }
}
