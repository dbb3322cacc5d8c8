namespace OpenCluster.Data.Keyspace;

/// <summary>Ways through an index.</summary>
internal static unsafe class Walking
{
    /// <summary>Buckets tried by chance before the next one that is not empty is taken.</summary>
    private const int Tries = 100;

    /// <summary>Any entry, chosen by chance: a bucket first, then one of its entries. Nearly even; a null entry when the index is empty.</summary>
    public static Entry Sample(EntryIndex index, Random random)
    {
        if (index.Count == 0) return default;
        var buckets = index.Buckets;
        for (var i = 0; i < Tries; i++)
        {
            var found = Any(index.BucketAt(random.NextInt64(buckets)), random);
            if (!found.IsNull) return found;
        }
        for (long number = random.NextInt64(buckets), i = 0; i < buckets; i++)
        {
            var found = Any(index.BucketAt((number + i) % buckets), random);
            if (!found.IsNull) return found;
        }
        return default;
    }

    private static Entry Any(ulong* bucket, Random random)
    {
        var seen = 0;
        Entry chosen = default;
        for (var line = bucket; line != null; line = EntryIndex.Overflow(line))
        {
            for (var i = 0; i < EntryIndex.SlotsPerBucket; i++)
            {
                if (line[i] != 0 && random.Next(++seen) == 0)
                    chosen = EntryIndex.EntryAt(line + i);
            }
        }
        return chosen;
    }
}

/// <summary>Every entry of an index, bucket by bucket. The index must not change meanwhile.</summary>
internal unsafe ref struct EntryWalk(EntryIndex index)
{
    private readonly EntryIndex index = index;
    private readonly long buckets = index.Buckets;
    private long next;
    private ulong* line;
    private int slot;

    public Entry Current { get; private set; }

    public readonly EntryWalk GetEnumerator() => this;

    public bool MoveNext()
    {
        while (true)
        {
            while (line != null)
            {
                while (slot < EntryIndex.SlotsPerBucket)
                {
                    var at = line + slot++;
                    if (*at == 0) continue;
                    Current = EntryIndex.EntryAt(at);
                    return true;
                }
                line = EntryIndex.Overflow(line);
                slot = 0;
            }
            if (next >= buckets) return false;
            line = index.BucketAt(next++);
            slot = 0;
        }
    }
}
