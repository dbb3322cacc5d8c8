using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Keyspace;

/// <summary>
/// The keys that end some day, the next one first: a heap of four children per node in native memory. Each entry knows its place, so a
/// new time or a removal costs a few steps and nothing stale stays behind.
/// </summary>
internal sealed unsafe class ExpiryHeap(Arena arena)
{
    private const int Children = 4;
    private const int FirstCapacity = 64;

    private struct Node
    {
        public long At;
        public byte* Block;
    }

    private Node* nodes;
    private int capacity;

    public int Count { get; private set; }

    /// <summary>The entry that ends first; only when there is any.</summary>
    public Entry First => new(nodes[0].Block);

    /// <summary>Adds an entry whose <see cref="Entry.ExpiresAt"/> is set.</summary>
    public void Add(Entry entry)
    {
        if (Count == capacity) Grow();
        Up(Count++, new Node { At = entry.ExpiresAt, Block = entry.Block });
    }

    public void Remove(Entry entry)
    {
        var index = entry.HeapIndex;
        var last = nodes[--Count];
        if (index == Count) return;
        Settle(index, last);
    }

    /// <summary>The entry's time is another now.</summary>
    public void Update(Entry entry) => Settle(entry.HeapIndex, new Node { At = entry.ExpiresAt, Block = entry.Block });

    /// <summary>The entry lies in another block now, and took its <see cref="Entry.HeapIndex"/> along.</summary>
    public void Moved(Entry entry) => nodes[entry.HeapIndex].Block = entry.Block;

    /// <summary>Forgets all, its arena having been reset.</summary>
    public void Reset()
    {
        nodes = null;
        capacity = Count = 0;
    }

    private void Settle(int index, Node node)
    {
        if (index > 0 && nodes[(index - 1) / Children].At > node.At) Up(index, node);
        else Down(index, node);
    }

    private void Up(int index, Node node)
    {
        while (index > 0)
        {
            var parent = (index - 1) / Children;
            if (nodes[parent].At <= node.At) break;
            Put(index, nodes[parent]);
            index = parent;
        }
        Put(index, node);
    }

    private void Down(int index, Node node)
    {
        while (true)
        {
            var first = index * Children + 1;
            if (first >= Count) break;
            var least = first;
            for (var child = first + 1; child < Math.Min(first + Children, Count); child++)
                if (nodes[child].At < nodes[least].At)
                    least = child;
            if (nodes[least].At >= node.At) break;
            Put(index, nodes[least]);
            index = least;
        }
        Put(index, node);
    }

    private void Put(int index, Node node)
    {
        nodes[index] = node;
        new Entry(node.Block).HeapIndex = index;
    }

    private void Grow()
    {
        var grown = Math.Max(FirstCapacity, capacity * 2);
        var room = (Node*)arena.Allocate((long)grown * sizeof(Node));
        new Span<Node>(nodes, Count).CopyTo(new Span<Node>(room, Count));
        if (nodes != null) arena.Free((byte*)nodes);
        nodes = room;
        capacity = grown;
    }
}
