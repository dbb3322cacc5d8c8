using System.Runtime.InteropServices;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Spaces;

/// <summary>Which transactions wait for which keys to stay as they are (WATCH). Costs nothing while nobody watches.</summary>
internal sealed class Watches
{
    private readonly Dictionary<byte[], List<Transaction>> byKey = new(ByteKeys.Instance);

    public void Add(byte[] key, Transaction by)
    {
        ref var watching = ref CollectionsMarshal.GetValueRefOrAddDefault(byKey, key, out _);
        (watching ??= []).Add(by);
    }

    public void Remove(byte[] key, Transaction by)
    {
        if (!byKey.TryGetValue(key, out var watching)) return;
        watching.Remove(by);
        if (watching.Count == 0) byKey.Remove(key);
    }

    /// <summary>A key has changed: transactions that watch it will not be carried out.</summary>
    public void Touch(ReadOnlySpan<byte> key)
    {
        if (byKey.Count == 0 || !byKey.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var watching)) return;
        foreach (var transaction in watching) transaction.IsBroken = true;
    }

    /// <summary>Every key is gone. Those that were not there stay as they were.</summary>
    public void TouchAll(Keyspace.Keyspace keys)
    {
        foreach (var (key, watching) in byKey)
        {
            if (keys.Peek(key).IsNull) continue;
            foreach (var transaction in watching) transaction.IsBroken = true;
        }
    }
}
