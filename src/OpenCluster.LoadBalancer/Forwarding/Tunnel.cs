using System.Buffers;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>After a 101 the connection is no longer HTTP (WebSocket and the like): bytes both ways until both sides have ended.</summary>
internal static class Tunnel
{
    private const int BufferBytes = 16 * 1024;

    /// <param name="received">The head of the 101, and what came after it.</param>
    public static async ValueTask<AttemptEnd> RunAsync(
        ClientConnection client, TargetConnection target, ResponseHead head, ReadOnlyMemory<byte> received, ByteWriter to)
    {
        client.Exchange.Status = 101;
        client.Exchange.Close = true;
        to.Clear();
        HeadWriter.Interim(to, head, received.Span);
        to.Write(received.Span[head.Length..]);
        await client.SendAsync(to.Written).ConfigureAwait(false);
        var early = client.Buffered;
        client.Consume(early.Length);
        var up = RelayAsync(client, target, client.Transport, target.Transport, early);
        var down = RelayAsync(client, target, target.Transport, client.Transport, default);
        await Task.WhenAll(up, down).ConfigureAwait(false);
        client.Close();
        return AttemptEnd.Answered;
    }

    private static async Task RelayAsync(ClientConnection client, TargetConnection target, Transport from, Transport to, ReadOnlyMemory<byte> first)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            if (first.Length > 0) await to.SendAsync(first).ConfigureAwait(false);
            while (true)
            {
                client.Within(Limits.TunnelSilence);
                target.Within(Limits.TunnelSilence);
                var count = await from.ReceiveAsync(buffer).ConfigureAwait(false);
                if (count == 0) break;
                await to.SendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
            // The other direction goes on: half-closed is a state that protocols use.
            to.EndSending();
        }
        catch (Exception gone) when (Loss.Is(gone))
        {
            // One side broke: what is left for the other cannot be delivered whole.
            client.Close();
            target.Close();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
