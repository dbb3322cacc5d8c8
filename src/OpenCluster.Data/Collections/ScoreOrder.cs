using System.Numerics;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Collections;

/// <summary>A member's place in the order: its score, and its entry, whose name settles equal scores.</summary>
internal readonly unsafe struct Scored(double score, byte* block)
{
    public readonly double Score = score;
    public readonly byte* Block = block;

    public Entry Member => new(Block);
}

/// <summary>
/// The members of a sorted set in order: chunks of up to <see cref="ChunkItems"/> in a directory. A place is found by two binary searches,
/// a rank by adding up the counts of the chunks before, eight at a time; so both stay short for millions of members.
/// </summary>
internal readonly unsafe ref struct ScoreOrder(ScoreOrder.Head* head, Arena arena)
{
    /// <summary>With its count a chunk fills a block of 1 KiB.</summary>
    private const int ChunkItems = 63;
    private const int FirstCapacity = 4;

    internal struct Head
    {
        public Scored** Chunks;
        public int* Counts;
        public int Used;
        public int Capacity;
        public int Total;
    }

    public int Count => head->Total;

    /// <summary>The item of a rank from 0.</summary>
    public Scored this[int rank]
    {
        get
        {
            var (chunk, index) = Locate(rank);
            return head->Chunks[chunk][index];
        }
    }

    /// <summary>So many items from a rank on, in order.</summary>
    public Scored[] Slice(int first, int length)
    {
        var items = new Scored[length];
        if (length == 0) return items;
        var (chunk, index) = Locate(first);
        for (var i = 0; i < length; i++)
        {
            if (index == head->Counts[chunk]) (chunk, index) = (chunk + 1, 0);
            items[i] = head->Chunks[chunk][index++];
        }
        return items;
    }

    public void Insert(Scored item)
    {
        if (head->Used == 0)
        {
            AddChunk(0);
            head->Chunks[0][0] = item;
            head->Counts[0] = head->Total = 1;
            return;
        }
        var chunk = Math.Min(ChunkFor(item), head->Used - 1);
        if (head->Counts[chunk] == ChunkItems)
        {
            Split(chunk);
            if (Compare(item, head->Chunks[chunk][head->Counts[chunk] - 1]) > 0) chunk++;
        }
        var items = new Span<Scored>(head->Chunks[chunk], ChunkItems);
        var index = IndexIn(chunk, item);
        items[index..head->Counts[chunk]].CopyTo(items[(index + 1)..]);
        items[index] = item;
        head->Counts[chunk]++;
        head->Total++;
    }

    /// <summary>Removes an item that is there.</summary>
    public void Remove(Scored item)
    {
        var chunk = ChunkFor(item);
        var index = IndexIn(chunk, item);
        var items = new Span<Scored>(head->Chunks[chunk], head->Counts[chunk]);
        items[(index + 1)..].CopyTo(items[index..]);
        head->Counts[chunk]--;
        head->Total--;
        if (head->Counts[chunk] == 0) RemoveChunk(chunk);
    }

    /// <summary>How many items come before <paramref name="item"/>.</summary>
    public int Rank(Scored item)
    {
        var chunk = ChunkFor(item);
        return chunk == head->Used ? head->Total : Sum(chunk) + IndexIn(chunk, item);
    }

    /// <summary>How many items at the front <paramref name="isBefore"/> holds for; it must hold for those and for no later one.</summary>
    public int CountWhile(Func<Scored, bool> isBefore)
    {
        var (low, high) = (0, head->Used);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (isBefore(head->Chunks[middle][head->Counts[middle] - 1])) low = middle + 1;
            else high = middle;
        }
        if (low == head->Used) return head->Total;
        var (first, last) = (0, head->Counts[low]);
        while (first < last)
        {
            var middle = (first + last) / 2;
            if (isBefore(head->Chunks[low][middle])) first = middle + 1;
            else last = middle;
        }
        return Sum(low) + first;
    }

    public long SizeBytes => head->Chunks == null ? 0 : Arena.SizeOf((byte*)head->Chunks) + Arena.SizeOf((byte*)head->Counts) + head->Used * 1024L;

    /// <summary>Frees chunks and directory; the members and the head are the owner's.</summary>
    public void Free()
    {
        for (var i = 0; i < head->Used; i++) arena.Free((byte*)head->Chunks[i]);
        if (head->Chunks == null) return;
        arena.Free((byte*)head->Chunks);
        arena.Free((byte*)head->Counts);
    }

    private static int Compare(Scored a, Scored b)
    {
        if (a.Score != b.Score) return a.Score < b.Score ? -1 : 1;
        return a.Block == b.Block ? 0 : a.Member.Key.SequenceCompareTo(b.Member.Key);
    }

    /// <summary>The first chunk whose last item is not before <paramref name="item"/>; the number of chunks when there is none.</summary>
    private int ChunkFor(Scored item)
    {
        var (low, high) = (0, head->Used);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Compare(head->Chunks[middle][head->Counts[middle] - 1], item) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Where in a chunk <paramref name="item"/> is, or would be.</summary>
    private int IndexIn(int chunk, Scored item)
    {
        var (low, high) = (0, head->Counts[chunk]);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Compare(head->Chunks[chunk][middle], item) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private (int Chunk, int Index) Locate(int rank)
    {
        var chunk = 0;
        while (rank >= head->Counts[chunk]) rank -= head->Counts[chunk++];
        return (chunk, rank);
    }

    private int Sum(int chunks)
    {
        var counts = new ReadOnlySpan<int>(head->Counts, chunks);
        var sum = Vector<int>.Zero;
        for (; counts.Length >= Vector<int>.Count; counts = counts[Vector<int>.Count..]) sum += new Vector<int>(counts);
        var total = Vector.Sum(sum);
        foreach (var count in counts) total += count;
        return total;
    }

    private void Split(int chunk)
    {
        AddChunk(chunk + 1);
        var half = head->Counts[chunk] / 2;
        var moved = head->Counts[chunk] - half;
        new ReadOnlySpan<Scored>(head->Chunks[chunk] + half, moved).CopyTo(new Span<Scored>(head->Chunks[chunk + 1], moved));
        head->Counts[chunk] = half;
        head->Counts[chunk + 1] = moved;
    }

    private void AddChunk(int at)
    {
        if (head->Used == head->Capacity) Grow();
        for (var i = head->Used; i > at; i--)
        {
            head->Chunks[i] = head->Chunks[i - 1];
            head->Counts[i] = head->Counts[i - 1];
        }
        head->Chunks[at] = (Scored*)arena.Allocate(ChunkItems * sizeof(Scored));
        head->Counts[at] = 0;
        head->Used++;
    }

    private void RemoveChunk(int at)
    {
        arena.Free((byte*)head->Chunks[at]);
        head->Used--;
        for (var i = at; i < head->Used; i++)
        {
            head->Chunks[i] = head->Chunks[i + 1];
            head->Counts[i] = head->Counts[i + 1];
        }
    }

    private void Grow()
    {
        var capacity = Math.Max(FirstCapacity, head->Capacity * 2);
        var chunks = (Scored**)arena.Allocate((long)capacity * sizeof(Scored*));
        var counts = (int*)arena.Allocate((long)capacity * sizeof(int));
        for (var i = 0; i < head->Used; i++)
        {
            chunks[i] = head->Chunks[i];
            counts[i] = head->Counts[i];
        }
        if (head->Chunks != null)
        {
            arena.Free((byte*)head->Chunks);
            arena.Free((byte*)head->Counts);
        }
        head->Chunks = chunks;
        head->Counts = counts;
        head->Capacity = capacity;
    }
}
