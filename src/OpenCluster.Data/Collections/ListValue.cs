using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Collections;

/// <summary>
/// A list: a ring of addresses of blocks, each of them a length (4) and bytes. Both ends are reached in one step, any place by its number,
/// and what is put in or taken out in the middle moves the addresses on the shorter side.
/// </summary>
internal readonly unsafe ref struct ListValue(nint collection, Arena arena)
{
    private const int FirstCapacity = 4;

    private struct Ring
    {
        public byte** Slots;

        /// <summary>A power of two.</summary>
        public int Capacity;
        public int First;
        public int Count;
    }

    private readonly Ring* ring = (Ring*)collection;

    public static nint Create(Arena arena) => (nint)arena.AllocateZeroed(sizeof(Ring));

    public int Count => ring->Count;

    /// <summary>The element at a place from 0; valid until the list changes.</summary>
    public ReadOnlySpan<byte> this[int index] => Bytes(*Slot(index));

    public void AddFirst(ReadOnlySpan<byte> value)
    {
        Reserve();
        ring->First = ring->First - 1 & ring->Capacity - 1;
        ring->Count++;
        *Slot(0) = Block(value);
    }

    public void AddLast(ReadOnlySpan<byte> value)
    {
        Reserve();
        *Slot(ring->Count++) = Block(value);
    }

    public void RemoveFirst()
    {
        arena.Free(*Slot(0));
        ring->First = ring->First + 1 & ring->Capacity - 1;
        ring->Count--;
    }

    public void RemoveLast() => arena.Free(*Slot(--ring->Count));

    public void Replace(int index, ReadOnlySpan<byte> value)
    {
        var block = Block(value);
        arena.Free(*Slot(index));
        *Slot(index) = block;
    }

    /// <summary>Puts an element before the one at <paramref name="index"/>.</summary>
    public void Insert(int index, ReadOnlySpan<byte> value)
    {
        var block = Block(value);
        Reserve();
        if (index < ring->Count / 2)
        {
            ring->First = ring->First - 1 & ring->Capacity - 1;
            ring->Count++;
            for (var i = 0; i < index; i++) *Slot(i) = *Slot(i + 1);
        }
        else
        {
            ring->Count++;
            for (var i = ring->Count - 1; i > index; i--) *Slot(i) = *Slot(i - 1);
        }
        *Slot(index) = block;
    }

    /// <summary>Removes elements equal to <paramref name="value"/>, at most so many, from the front or from the back; the rest keeps its order.</summary>
    public int RemoveEqual(ReadOnlySpan<byte> value, int most, bool fromBack)
    {
        var removed = 0;
        var count = ring->Count;
        // What stays moves together towards the end that is looked at last.
        for (int i = 0, kept = 0; i < count; i++)
        {
            var at = fromBack ? count - 1 - i : i;
            var block = *Slot(at);
            if (removed < most && Bytes(block).SequenceEqual(value))
            {
                arena.Free(block);
                removed++;
                continue;
            }
            *Slot(fromBack ? count - 1 - kept : kept) = block;
            kept++;
        }
        if (fromBack) ring->First = ring->First + removed & ring->Capacity - 1;
        ring->Count -= removed;
        return removed;
    }

    public long SizeBytes
    {
        get
        {
            var size = ring->Slots == null ? 0 : Arena.SizeOf((byte*)ring->Slots);
            for (var i = 0; i < ring->Count; i++) size += Arena.SizeOf(*Slot(i));
            return size;
        }
    }

    public void Free()
    {
        for (var i = 0; i < ring->Count; i++) arena.Free(*Slot(i));
        if (ring->Slots != null) arena.Free((byte*)ring->Slots);
        arena.Free((byte*)ring);
    }

    private byte** Slot(int index) => ring->Slots + (ring->First + index & ring->Capacity - 1);

    private byte* Block(ReadOnlySpan<byte> value)
    {
        var block = arena.Allocate(sizeof(int) + (long)value.Length);
        *(int*)block = value.Length;
        value.CopyTo(new Span<byte>(block + sizeof(int), value.Length));
        return block;
    }

    private static ReadOnlySpan<byte> Bytes(byte* block) => new(block + sizeof(int), *(int*)block);

    private void Reserve()
    {
        if (ring->Count < ring->Capacity) return;
        var capacity = Math.Max(FirstCapacity, ring->Capacity * 2);
        var slots = (byte**)arena.Allocate((long)capacity * sizeof(byte*));
        for (var i = 0; i < ring->Count; i++) slots[i] = *Slot(i);
        if (ring->Slots != null) arena.Free((byte*)ring->Slots);
        ring->Slots = slots;
        ring->Capacity = capacity;
        ring->First = 0;
    }
}
