using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>Sending whole buffers.</summary>
internal static class Wire
{
    /// <summary>Sends all of it. Completes at once nearly always, since the kernel takes what fits its buffer.</summary>
    public static ValueTask SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes)
    {
        var sending = socket.SendAsync(bytes, SocketFlags.None);
        if (!sending.IsCompletedSuccessfully) return FinishAsync(socket, bytes, sending);
        var sent = sending.Result;
        return sent == bytes.Length ? default : RestAsync(socket, bytes[sent..]);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishAsync(Socket socket, ReadOnlyMemory<byte> bytes, ValueTask<int> sending)
    {
        var sent = await sending.ConfigureAwait(false);
        if (sent < bytes.Length) await RestAsync(socket, bytes[sent..]).ConfigureAwait(false);
    }

    private static async ValueTask RestAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false)..];
    }
}
