using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using OpenCluster.Model;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Streams;

/// <summary>
/// Orders to seats of replicated sets, by server. Nobody waits for one to be heard and none is kept for an agent that is away: what still has to
/// be done is ordered again. Of 256 that a slow reader has not fetched the oldest goes.
/// </summary>
internal sealed class SetOrders
{
    private const int MostWaiting = 256;

    private readonly ConcurrentDictionary<string, Channel<Frame>> _agents = new(StringComparer.Ordinal);
    private long _number;

    public void Send(string serverId, SetOrder order)
    {
        if (_agents.TryGetValue(serverId, out var agent))
            agent.Writer.TryWrite(new Frame(Interlocked.Increment(ref _number), JsonSerializer.SerializeToUtf8Bytes(order, ModelJson.Default.SetOrder)));
    }

    /// <summary>An agent's stream; a newer one of the same server takes over from an older one.</summary>
    public Listening Listen(string serverId)
    {
        var channel = Channel.CreateBounded<Frame>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
        _agents.AddOrUpdate(serverId, channel, (_, older) =>
        {
            older.Writer.TryComplete();
            return channel;
        });
        return new Listening(channel, () => _agents.TryRemove(KeyValuePair.Create(serverId, channel)));
    }

    internal sealed class Listening(Channel<Frame> channel, Action close) : IDisposable
    {
        public bool TryTake(out Frame frame) => channel.Reader.TryRead(out frame);

        /// <summary>False when a newer stream has taken over.</summary>
        public ValueTask<bool> WaitAsync(CancellationToken ct) => channel.Reader.WaitToReadAsync(ct);

        public void Dispose() => close();
    }
}
