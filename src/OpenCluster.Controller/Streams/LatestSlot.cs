using System.Threading.Channels;

namespace OpenCluster.Controller.Streams;

/// <summary>
/// Holds the newest value for one reader: what it has not read when a newer one comes is dropped. So a slow reader costs one value
/// and never falls behind by more than one.
/// </summary>
internal sealed class LatestSlot<T>
{
    private readonly Channel<T> _slot = Channel.CreateBounded<T>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Put(T value) => _slot.Writer.TryWrite(value);

    public bool TryTake(out T value)
    {
        var taken = _slot.Reader.TryRead(out var found);
        value = found!;
        return taken;
    }

    public ValueTask<bool> WaitAsync(CancellationToken ct) => _slot.Reader.WaitToReadAsync(ct);
}
