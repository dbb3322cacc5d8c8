using System.Runtime.InteropServices;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Spaces;

/// <summary>Who waits for which keys of a space, in the order in which they came. Costs nothing while nobody waits.</summary>
internal sealed class Waiters
{
    private readonly Dictionary<byte[], List<Waiting>> byKey = new(ByteKeys.Instance);
    private readonly Queue<byte[]> changed = new();

    /// <summary>A key that somebody waits for has changed.</summary>
    public bool HasChanged => changed.Count > 0;

    public void Add(Waiting waiting)
    {
        foreach (var key in waiting.Keys)
        {
            ref var queue = ref CollectionsMarshal.GetValueRefOrAddDefault(byKey, key, out _);
            (queue ??= []).Add(waiting);
        }
    }

    public void Remove(Waiting waiting)
    {
        waiting.IsOver = true;
        foreach (var key in waiting.Keys)
        {
            if (!byKey.TryGetValue(key, out var queue)) continue;
            queue.Remove(waiting);
            if (queue.Count == 0) byKey.Remove(key);
        }
    }

    public void Touch(ReadOnlySpan<byte> key)
    {
        if (byKey.Count > 0 && byKey.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(key)) changed.Enqueue(key.ToArray());
    }

    /// <summary>Those who wait for the next key that has changed.</summary>
    public IReadOnlyList<Waiting> NextChanged() => byKey.TryGetValue(changed.Dequeue(), out var queue) ? [.. queue] : [];
}
