using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.Resp;

namespace OpenCluster.Data.Tests;

/// <summary>A client that says one thing and waits for the answer, at most ten seconds.</summary>
internal sealed class DataClient : IDisposable
{
    private static readonly Encoding Latin = Encoding.Latin1;
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
    private readonly RespWriter writer = new();
    private byte[] buffer = new byte[64 * 1024];
    private int filled;

    public DataClient(int port) => socket.Connect(IPAddress.Loopback, port);

    /// <summary>Sends a command and answers its reply. Words are Latin-1, so that any byte can be said.</summary>
    public RespValue Ask(params string[] words)
    {
        Send(words);
        return Read();
    }

    public void Send(params string[] words)
    {
        writer.Array(words.Length);
        foreach (var word in words) writer.Bulk(Latin.GetBytes(word));
        SendRaw(writer.Written);
        writer.Clear();
    }

    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
    }

    /// <summary>The next reply; fails when the server hangs up.</summary>
    public RespValue Read() => TryRead() ?? throw new IOException("The server hung up.");

    /// <summary>The next reply; null when the server has hung up.</summary>
    public RespValue? TryRead()
    {
        while (true)
        {
            if (ReplyReader.TryRead(buffer.AsSpan(0, filled), RespLimits.Default, out var value, out var consumed))
            {
                buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
                filled -= consumed;
                return value;
            }
            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = 0;
            try
            {
                read = socket.Receive(buffer.AsSpan(filled));
            }
            catch (SocketException gone) when (gone.SocketErrorCode is SocketError.ConnectionReset)
            {
                return null;
            }
            if (read == 0) return null;
            filled += read;
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        writer.Dispose();
    }
}
