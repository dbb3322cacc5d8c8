using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>To an app by a connection that it opened itself: to us, or to a peer that then passes on what we send.</summary>
internal sealed class ReverseConnector(string id, ReverseLines lines, Func<string, Transport?> byPeer) : TargetConnector
{
    public override bool IsBusy => lines.IsBusy(id);

    public override Transport Create() => lines.Has(id) ? new ReverseTransport(id, lines) : byPeer(id) ?? new ReverseTransport(id, lines);
}

/// <summary>A connection an app opened to us, taken for one request. What was never used, or used well, goes back: others may wait for it.</summary>
internal sealed class ReverseTransport(string id, ReverseLines lines) : Transport
{
    private readonly CancellationTokenSource _givenUp = new();
    private readonly Lock _gate = new();
    private ReverseLines.Line? _line;
    private bool _used;
    private bool _disposed;

    public override async ValueTask OpenAsync()
    {
        var line = await lines.TakeAsync(id, _givenUp.Token).ConfigureAwait(false);
        lock (_gate)
        {
            if (!_disposed)
            {
                _line = line;
                return;
            }
        }
        lines.GiveBack(id, line);
        throw new ObjectDisposedException(nameof(ReverseTransport));
    }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        _used = true;
        return Line.ReceiveAsync(buffer);
    }

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        _used = true;
        return Line.SendAsync(bytes);
    }

    public override bool HasInput => Line.HasInput;

    public override void EndSending() => Line.EndSending();

    public override bool TryGiveBack()
    {
        _used = false;
        Dispose();
        return true;
    }

    public override void Abort()
    {
        _used = true;
        _line?.Transport.Abort();
        Dispose();
    }

    public override void Dispose()
    {
        ReverseLines.Line? line;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            line = _line;
        }
        _givenUp.Cancel();
        if (line is null) return;
        if (_used) line.End();
        else lines.GiveBack(id, line);
    }

    private Transport Line => _line?.Transport ?? throw new ObjectDisposedException(nameof(ReverseTransport));
}
