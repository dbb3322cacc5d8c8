using System.Buffers;

namespace OpenCluster.LoadBalancer.OwnApi;

/// <summary>Bytes both ways between two transports until both sides have ended, or one broke.</summary>
internal static class Splice
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Closes both. Never throws for a lost connection.</summary>
    public static async Task RunAsync(Sockets.Transport a, Sockets.Transport b)
    {
        await Task.WhenAll(PassAsync(a, b), PassAsync(b, a)).ConfigureAwait(false);
        a.Dispose();
        b.Dispose();
    }

    private static async Task PassAsync(Sockets.Transport from, Sockets.Transport to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await from.ReceiveAsync(buffer).ConfigureAwait(false) is > 0 and var count) await to.SendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            // The other direction goes on: half-closed is a state that protocols use.
            to.EndSending();
        }
        catch (Exception lost) when (Sockets.Loss.Is(lost))
        {
            // What is left for the other side cannot be delivered whole.
            from.Dispose();
            to.Dispose();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
