using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace OpenCluster.Controller.Streams;

/// <summary>
/// The newest version of one document per name (an assignment per server, a snapshot per balancer), and those who watch it. Posting
/// what is there already tells nobody: content is compared, not revisions.
/// </summary>
/// <remarks>Posts come from the loop alone; watchers come and go from requests.</remarks>
internal sealed class Board
{
    private readonly ConcurrentDictionary<string, Topic> _topics = new(StringComparer.Ordinal);

    /// <summary>Tells the watchers of <paramref name="name"/> if the content is new.</summary>
    /// <param name="content">The document without its revision: what counts as a change.</param>
    /// <param name="frame">Makes what is sent; called only when it is.</param>
    public bool Post(string name, ReadOnlySpan<byte> content, Func<Frame> frame)
    {
        var digest = SHA256.HashData(content);
        var topic = _topics.GetOrAdd(name, _ => new Topic());
        lock (topic)
        {
            if (topic.Digest is { } known && known.AsSpan().SequenceEqual(digest)) return false;
            topic.Digest = digest;
            var newest = frame();
            topic.Newest = newest;
            foreach (var watcher in topic.Watchers) watcher.Put(newest);
            return true;
        }
    }

    /// <summary>Forgets what was posted for a name that is gone; who still watches stays.</summary>
    public void Forget(string name)
    {
        if (!_topics.TryGetValue(name, out var topic)) return;
        lock (topic)
        {
            topic.Digest = null;
            topic.Newest = null;
            if (topic.Watchers.Count == 0) _topics.TryRemove(name, out _);
        }
    }

    public bool IsWatched(string name) => _topics.TryGetValue(name, out var topic) && topic.Watchers.Count > 0;

    public bool Knows(string name) => _topics.TryGetValue(name, out var topic) && topic.Newest is not null;

    /// <summary>Starts watching; the newest document is ready at once unless it is the one the watcher has seen.</summary>
    public Watcher Watch(string name, long seen)
    {
        var slot = new LatestSlot<Frame>();
        while (true)
        {
            var topic = _topics.GetOrAdd(name, _ => new Topic());
            lock (topic)
            {
                // Removed between the two lines above: take the one that replaced it.
                if (!_topics.TryGetValue(name, out var current) || current != topic) continue;
                topic.Watchers.Add(slot);
                if (topic.Newest is { } newest && newest.Id != seen) slot.Put(newest);
                return new Watcher(topic, slot);
            }
        }
    }

    internal sealed class Topic
    {
        public byte[]? Digest;
        public Frame? Newest;
        /// <summary>Bounded by the number of streams.</summary>
        public HashSet<LatestSlot<Frame>> Watchers { get; } = [];
    }

    internal sealed class Watcher(Topic topic, LatestSlot<Frame> slot) : IDisposable
    {
        public bool TryTake(out Frame frame) => slot.TryTake(out frame);

        public ValueTask<bool> WaitAsync(CancellationToken ct) => slot.WaitAsync(ct);

        public void Dispose()
        {
            lock (topic) topic.Watchers.Remove(slot);
        }
    }
}
