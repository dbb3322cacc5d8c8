using System.Text;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Forwarding.WebSockets;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>After a 101 the connection is no longer HTTP (WebSocket and the like): bytes both ways until both sides have ended.</summary>
internal static class Tunnel
{
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
        // From here on the relay keeps the time.
        client.AwaitNothing();
        target.Within(null);
        var end = Ascii.EqualsIgnoreCase(head.Fields.Value(received.Span, FieldId.Upgrade), "websocket"u8)
            ? await RelayWebSocketAsync(client, target, early, received[head.Length..]).ConfigureAwait(false)
            : await Relay.RunAsync(client.Transport, target.Transport, early, Limits.TunnelSilence, client.Stages.Keeper).ConfigureAwait(false);
        client.Exchange.BytesIn += end.BytesUp;
        client.Exchange.BytesOut += end.BytesDown;
        client.Close();
        return AttemptEnd.Answered;
    }

    /// <param name="sent">What the target has sent behind the head of its 101, and the client has.</param>
    private static async ValueTask<RelayEnd> RelayWebSocketAsync(ClientConnection client, TargetConnection target, ReadOnlyMemory<byte> early, ReadOnlyMemory<byte> sent)
    {
        var all = client.Stages.WebSockets;
        var (toClient, toTarget) = (new WebSocketSide(client.Transport, masks: false), new WebSocketSide(target.Transport, masks: true));
        toClient.Follow(sent.Span);
        all.Add(toClient);
        all.Add(toTarget);
        try
        {
            return await Relay.RunAsync(toClient, toTarget, early, Limits.TunnelSilence, client.Stages.Keeper).ConfigureAwait(false);
        }
        finally
        {
            all.Remove(toClient);
            all.Remove(toTarget);
        }
    }
}
