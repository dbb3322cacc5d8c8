using System.Globalization;
using System.Net.Sockets;
using OpenCluster.Resp;

namespace OpenCluster.Benchmarks.Failover;

/// <summary>A plain client of the Redis protocol: one connection, one command at a time.</summary>
internal sealed class RespConnection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _filled;

    /// <param name="address"><c>HOST:PORT</c>.</param>
    /// <param name="password">Of the user "app"; null where none is asked for.</param>
    public static async Task<RespConnection> OpenAsync(string address, string? password, CancellationToken ct)
    {
        var connection = new RespConnection();
        try
        {
            var colon = address.LastIndexOf(':');
            await connection._socket.ConnectAsync(address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture), ct).ConfigureAwait(false);
            if (password is not null) await connection.AskAsync(ct, "AUTH", "app", password).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">An error was answered, or the connection broke.</exception>
    public async Task<RespValue> AskAsync(CancellationToken ct, params string[] words)
    {
        using (var writer = new RespWriter())
        {
            writer.Array(words.Length);
            foreach (var word in words) writer.Bulk(word);
            await _socket.SendAsync(writer.Written.ToArray(), ct).ConfigureAwait(false);
        }

        while (true)
        {
            if (ReplyReader.TryRead(_buffer.AsSpan(0, _filled), RespLimits.Default, out var reply, out var consumed))
            {
                _buffer.AsSpan(consumed, _filled - consumed).CopyTo(_buffer);
                _filled -= consumed;
                return reply.IsError ? throw new IOException(reply.Text) : reply;
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_filled), ct).ConfigureAwait(false);
            if (read == 0) throw new IOException("The connection was closed.");
            _filled += read;
        }
    }

    public async Task<string> InfoAsync(string section, string field, CancellationToken ct) =>
        (await AskAsync(ct, "INFO", section).ConfigureAwait(false)).Text.Split("\r\n").Select(l => l.Split(':', 2)).FirstOrDefault(l => l[0] == field)?[1] ?? "";

    public void Dispose() => _socket.Dispose();
}
