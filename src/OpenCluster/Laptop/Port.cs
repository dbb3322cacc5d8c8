using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Laptop;

/// <summary>Whether somebody listens, without a word to them and without an exception when nobody does.</summary>
internal static class Port
{
    /// <param name="url">Of an IP address and a port.</param>
    public static async Task<bool> AcceptsAsync(string url, CancellationToken ct)
    {
        var at = new Uri(url);
        var answer = new TaskCompletionSource<SocketError>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var connect = new SocketAsyncEventArgs { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(at.Host), at.Port) };
        connect.Completed += (_, done) => answer.TrySetResult(done.SocketError);
        if (!Socket.ConnectAsync(SocketType.Stream, ProtocolType.Tcp, connect)) answer.TrySetResult(connect.SocketError);
        try
        {
            return await answer.Task.WaitAsync(ct).ConfigureAwait(false) == SocketError.Success;
        }
        finally
        {
            Socket.CancelConnectAsync(connect);
            connect.ConnectSocket?.Dispose();
        }
    }
}
