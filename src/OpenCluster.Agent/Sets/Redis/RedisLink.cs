using System.Net;
using System.Net.Sockets;
using OpenCluster.Resp;

namespace OpenCluster.Agent.Sets.Redis;

/// <summary>The process answered with an error.</summary>
internal sealed class RedisRefusedException(string message) : Exception(message);

/// <summary>One connection to a server of the Redis protocol, as a given user. One call at a time; after an error the next call connects anew.</summary>
internal sealed class RedisLink(IPEndPoint at, string user, string password) : IDisposable
{
    private const int MostReplyBytes = 1 << 20;

    private readonly byte[] _buffer = new byte[MostReplyBytes];
    private Socket? _socket;
    private int _filled;

    /// <exception cref="RedisRefusedException">It answered with an error.</exception>
    /// <exception cref="SocketException">It is not there.</exception>
    public async Task<RespValue> AskAsync(CancellationToken ct, params string[] words)
    {
        try
        {
            var socket = _socket ??= await ConnectAsync(ct);
            var reply = await TellAsync(socket, words, ct);
            return reply.IsError ? throw new RedisRefusedException($"{words[0]}: {reply.Text}") : reply;
        }
        catch (Exception broken) when (broken is not RedisRefusedException)
        {
            Drop();
            throw;
        }
    }

    public void Dispose() => Drop();

    private async Task<Socket> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(at, ct);
            _filled = 0;
            var reply = await TellAsync(socket, ["AUTH", user, password], ct);
            return reply.IsError ? throw new RedisRefusedException($"AUTH: {reply.Text}") : socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<RespValue> TellAsync(Socket socket, string[] words, CancellationToken ct)
    {
        for (var command = Encode(words).AsMemory(); !command.IsEmpty;) command = command[await socket.SendAsync(command, ct)..];
        while (true)
        {
            if (ReplyReader.TryRead(_buffer.AsSpan(0, _filled), RespLimits.Default, out var reply, out var consumed))
            {
                _buffer.AsSpan(consumed, _filled - consumed).CopyTo(_buffer);
                _filled -= consumed;
                return reply;
            }

            if (_filled == _buffer.Length) throw new IOException($"an answer to {words[0]} is longer than {MostReplyBytes} bytes");
            var read = await socket.ReceiveAsync(_buffer.AsMemory(_filled), ct);
            if (read == 0) throw new IOException("the connection was closed");
            _filled += read;
        }
    }

    private static byte[] Encode(string[] words)
    {
        using var writer = new RespWriter();
        writer.Array(words.Length);
        foreach (var word in words) writer.Bulk(word);
        return writer.Written.ToArray();
    }

    private void Drop()
    {
        _socket?.Dispose();
        _socket = null;
    }
}
