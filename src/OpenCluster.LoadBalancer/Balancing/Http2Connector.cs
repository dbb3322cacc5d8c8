using OpenCluster.LoadBalancer.Admission;
using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>
/// HTTP/2 to one target: few connections, made by another connector (TCP, TLS), with many requests on each. A connection is made when all others
/// have as many streams as the target allows; who asks meanwhile waits for it, so that a burst does not make one each.
/// </summary>
internal sealed class Http2Connector(TargetConnector below, bool isSecure, TimeKeeper keeper) : TargetConnector
{
    /// <summary>With a hundred streams each, more than a target has requests.</summary>
    private const int MostConnections = 64;

    private static readonly Http2Times Times = new(Block: Limits.Head, Idle: TimeSpan.FromSeconds(30), Send: Limits.SendSilence);

    private readonly Lock _listGate = new();
    private readonly List<AskingConnection> _connections = [];
    private Task? _connecting;

    public override Transport Create() => new MultiplexedTransport(this);

    public override Transport Create(ReadOnlyMemory<byte> preface) => below.Create(preface);

    /// <summary>Opens a transport on a connection that has room.</summary>
    /// <param name="givenUp">Completes when who asked for it has gone.</param>
    public async ValueTask<Transport> OpenAsync(Task givenUp)
    {
        while (!givenUp.IsCompleted)
        {
            Task connecting;
            lock (_listGate)
            {
                if (TryTake() is { } stream) return stream;
                if (_connections.Count >= MostConnections) throw new IOException("all connections to it are busy");
                connecting = _connecting ??= ConnectAsync();
            }
            // The one that completed first throws if it failed; the connection is made also when the first who wanted it has gone.
            await (await Task.WhenAny(connecting, givenUp).ConfigureAwait(false)).ConfigureAwait(false);
        }
        throw new ObjectDisposedException(nameof(MultiplexedTransport));
    }

    private Transport? TryTake()
    {
        _connections.RemoveAll(c => c.IsClosed || c.IsGoing);
        // The first with room: the others grow idle and close.
        foreach (var connection in _connections)
            if (connection.TryTake() is { } stream) return stream;
        return null;
    }

    private async Task ConnectAsync()
    {
        // What connecting takes is limited by those who wait for it; this bounds it when all have gone.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var transport = below.Create();
        try
        {
            await transport.OpenAsync().AsTask().WaitAsync(Limits.Head, keeper.Time).ConfigureAwait(false);
            var connection = new AskingConnection(transport, isSecure, keeper, Times);
            _ = connection.RunAsync();
            await connection.Greeted.ConfigureAwait(false);
            lock (_listGate)
            {
                _connections.Add(connection);
                _connecting = null;
            }
        }
        catch (Exception lost) when (Loss.Is(lost) || lost is TimeoutException)
        {
            lock (_listGate) _connecting = null;
            transport.Dispose();
            if (lost is TimeoutException) throw new IOException("connecting took too long", lost);
            throw;
        }
    }
}
