using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Http2.Streams;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>
/// A client's connection that speaks HTTP/2. Each of its streams is served by a <see cref="ClientConnection"/> of its own, which is kept for the
/// streams to come; so a request goes the very same way whatever its client speaks.
/// </summary>
internal sealed class Http2ClientConnection : AcceptedConnection
{
    private static readonly Http2Times Times = new(Block: Limits.Head, Idle: Limits.KeepAlive, Send: Limits.SendSilence);

    private readonly Stages _stages;
    private readonly ClientFacts _facts;
    private readonly ServerConnection _server;
    private bool _isDraining;

    /// <param name="transport">Open already; closed with this.</param>
    /// <param name="received">What was read from it already, to see which protocol it speaks.</param>
    public Http2ClientConnection(Transport transport, ReadOnlyMemory<byte> received, ClientFacts facts, Stages stages)
    {
        _stages = stages;
        _facts = facts;
        _server = new ServerConnection(transport, received, stages.Keeper, Times, Serve, _ => stages.CountRefused(Http.HeadError.Http2));
    }

    public override async Task ServeAsync()
    {
        _stages.Keeper.Add(this);
        await _server.RunAsync().ConfigureAwait(false);
        _stages.Keeper.Remove(this);
    }

    public override void Close() => _server.Close();

    internal override bool IsDue(long nowMs) => base.IsDue(nowMs) || (_stages.IsDraining && !_isDraining);

    /// <summary>First the client is told that this will end; then, when it does not confirm, that it has.</summary>
    internal override void Expire()
    {
        if (_isDraining)
        {
            Volatile.Write(ref DueMs, long.MaxValue);
            _server.EndDraining();
            return;
        }
        _isDraining = true;
        Volatile.Write(ref DueMs, _stages.Keeper.NowMs + (long)Limits.DrainIdle.TotalMilliseconds);
        _server.Drain();
    }

    private void Serve(ServedStream stream)
    {
        var client = new ClientConnection(stream, _facts, _stages);
        stream.Lost = client.GiveUp;
        _ = client.ServeAsync();
    }
}
