using System.Net.Sockets;
using OpenCluster.Resp;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>A plain client of a space's copy, as any library's: one connection, one command at a time.</summary>
internal sealed class RespClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[1 << 20];
    private int _filled;

    private RespClient()
    {
    }

    public static async Task<RespClient> OpenAsync(string address, string password, CancellationToken ct)
    {
        var client = new RespClient();
        try
        {
            var at = address.LastIndexOf(':');
            await client._socket.ConnectAsync(address[..at], int.Parse(address[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture), ct);
            await client.AskAsync(ct, "AUTH", "app", password);
            return client;
        }
        catch
        {
            client.Dispose();
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
            await _socket.SendAsync(writer.Written.ToArray(), ct);
        }

        while (true)
        {
            if (ReplyReader.TryRead(_buffer.AsSpan(0, _filled), RespLimits.Default, out var reply, out var consumed))
            {
                _buffer.AsSpan(consumed, _filled - consumed).CopyTo(_buffer);
                _filled -= consumed;
                return reply.IsError ? throw new IOException(reply.Text) : reply;
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_filled), ct);
            if (read == 0) throw new IOException("the connection was closed");
            _filled += read;
        }
    }

    public void Dispose() => _socket.Dispose();
}
