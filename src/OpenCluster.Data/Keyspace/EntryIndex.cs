using System.Numerics;
using System.Runtime.CompilerServices;
using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Keyspace;

/// <summary>The head of an index, in native memory. Two tables while it grows or shrinks: buckets below <see cref="Moved"/> of the first have gone to the second.</summary>
internal unsafe struct IndexHead
{
    public long Count;
    public byte* First;
    public byte* Second;
    public uint FirstMask;
    public uint SecondMask;

    /// <summary>Buckets of the first table that were moved; only while there is a second.</summary>
    public uint Moved;

    /// <summary>For the collection that the index belongs to: see <c>FieldMap.IsLarge</c>.</summary>
    public int IsLarge;

    /// <summary>More than 0: nothing moves, because somebody walks through the buckets.</summary>
    public int Pauses;
}

/// <summary>
/// A hash index of entries. Buckets are one cache line: seven slots and the address of an overflow bucket. A slot is an entry's address with
/// 16 more bits of its hash above it, so that entries which do not match are hardly ever touched.
/// </summary>
/// <remarks>
/// It grows and shrinks bucket by bucket, a few with every insertion, so no single operation pays for a table of millions. An entry is
/// in the first table as long as its bucket there has not been moved, in the second afterwards: always in one known bucket.
/// </remarks>
internal readonly unsafe ref struct EntryIndex(IndexHead* head, Arena arena)
{
    public const int SlotsPerBucket = 7;
    private const int BucketBytes = 64;
    private const ulong AddressBits = 0x0000_ffff_ffff_ffff;

    /// <summary>Entries per bucket above which the table doubles: fuller saves memory and makes overflow buckets common.</summary>
    private const int GrowAt = 5;

    /// <summary>The least buckets for which a shrinking is worth it.</summary>
    private const uint ShrinkAbove = 64;

    /// <summary>Buckets moved with each insertion or removal while a table is being replaced: it is done long before the next is due.</summary>
    private const int MovesPerStep = 2;

    public long Count => head->Count;

    public static IndexHead* Create(Arena arena)
    {
        var head = (IndexHead*)arena.AllocateZeroed(sizeof(IndexHead));
        head->First = arena.AllocateZeroed(BucketBytes);
        return head;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Entry EntryAt(ulong* slot) => new((byte*)(*slot & AddressBits));

    public Entry Find(ReadOnlySpan<byte> key, ulong hash)
    {
        var slot = FindSlot(key, hash);
        return slot == null ? default : EntryAt(slot);
    }

    /// <summary>The slot of a key's entry, or null. Valid until the next insertion or removal.</summary>
    public ulong* FindSlot(ReadOnlySpan<byte> key, ulong hash)
    {
        var tag = hash >> 48;
        var bucket = BucketOf((uint)hash);
        do
        {
            for (var i = 0; i < SlotsPerBucket; i++)
            {
                if (bucket[i] >> 48 != tag || bucket[i] == 0) continue;
                var entry = EntryAt(bucket + i);
                if (entry.Hash == (uint)hash && entry.Key.SequenceEqual(key)) return bucket + i;
            }
            bucket = (ulong*)bucket[SlotsPerBucket];
        }
        while (bucket != null);
        return null;
    }

    /// <summary>Adds an entry whose key is not in the index.</summary>
    public void Insert(Entry entry, ulong hash)
    {
        Step();
        if (head->Count >= (head->FirstMask + 1L) * GrowAt && head->Second == null) Begin((head->FirstMask + 1) * 2);
        Put(BucketOf((uint)hash), hash >> 48 << 48 | (ulong)entry.Block);
        head->Count++;
    }

    /// <summary>Replaces the address in a slot, its entry having moved.</summary>
    public static void Replace(ulong* slot, Entry entry) => *slot = *slot & ~AddressBits | (ulong)entry.Block;

    /// <summary>Empties a slot. The entry itself is the caller's to free.</summary>
    public void Remove(ulong* slot)
    {
        *slot = 0;
        head->Count--;
        Step();
        var buckets = head->FirstMask + 1;
        if (buckets > ShrinkAbove && head->Second == null && head->Count < buckets / 2) Begin(Math.Max(1, BitOperations.RoundUpToPowerOf2((uint)(head->Count / 3) + 1)));
    }

    /// <summary>Moves a few buckets, when a table is being replaced.</summary>
    public void Step()
    {
        if (head->Second == null || head->Pauses > 0) return;
        for (var i = 0; i < MovesPerStep && head->Moved <= head->FirstMask; i++)
            Move(Bucket(head->First, head->Moved++));
        if (head->Moved <= head->FirstMask) return;
        arena.Free(head->First);
        head->First = head->Second;
        head->FirstMask = head->SecondMask;
        head->Second = null;
        head->SecondMask = head->Moved = 0;
    }

    /// <summary>While paused, buckets stay where they are, so that a walk through them by number meets every entry once.</summary>
    public static void Pause(IndexHead* head) => head->Pauses++;

    public static void Resume(IndexHead* head) => head->Pauses--;

    /// <summary>How many buckets there are, in both tables together.</summary>
    public long Buckets => head->FirstMask + 1L + (head->Second == null ? 0 : head->SecondMask + 1L);

    /// <summary>The first line of a bucket by number, those of the first table before those of the second.</summary>
    public ulong* BucketAt(long number) =>
        number <= head->FirstMask ? Bucket(head->First, (uint)number) : Bucket(head->Second, (uint)(number - head->FirstMask - 1));

    /// <summary>The next line of the same bucket, or null.</summary>
    public static ulong* Overflow(ulong* line) => (ulong*)line[SlotsPerBucket];

    /// <summary>Frees tables and overflow buckets and the head; the entries are the caller's to free before.</summary>
    public void Free()
    {
        for (long i = 0; i < Buckets; i++)
        {
            var line = Overflow(BucketAt(i));
            while (line != null)
            {
                var next = Overflow(line);
                arena.Free((byte*)line);
                line = next;
            }
        }
        arena.Free(head->First);
        if (head->Second != null) arena.Free(head->Second);
        arena.Free((byte*)head);
    }

    /// <summary>
    /// Visits the buckets that <paramref name="cursor"/> stands for and returns the next cursor; 0 begins and ends. Entries that are there
    /// during the whole scan are visited at least once, whatever grows or shrinks meanwhile: the cursor counts with its bits reversed, so
    /// that a bucket's split or merged images are always all behind it or all before it.
    /// </summary>
    public ulong Scan(ulong cursor, ref LineList lines)
    {
        if (head->Second == null)
        {
            lines.Add(Bucket(head->First, (uint)cursor & head->FirstMask));
            return Next(cursor, head->FirstMask);
        }
        var (small, smallMask, large, largeMask) = head->FirstMask <= head->SecondMask
            ? ((nint)head->First, head->FirstMask, (nint)head->Second, head->SecondMask)
            : ((nint)head->Second, head->SecondMask, (nint)head->First, head->FirstMask);
        lines.Add(Bucket((byte*)small, (uint)cursor & smallMask));
        do
        {
            lines.Add(Bucket((byte*)large, (uint)cursor & largeMask));
            cursor = Next(cursor, largeMask);
        }
        while ((cursor & (smallMask ^ largeMask)) != 0);
        return cursor;
    }

    private static ulong Next(ulong cursor, uint mask)
    {
        cursor |= ~(ulong)mask;
        return Reverse(Reverse(cursor) + 1);
    }

    private static ulong Reverse(ulong value)
    {
        value = value >> 1 & 0x5555555555555555 | (value & 0x5555555555555555) << 1;
        value = value >> 2 & 0x3333333333333333 | (value & 0x3333333333333333) << 2;
        value = value >> 4 & 0x0f0f0f0f0f0f0f0f | (value & 0x0f0f0f0f0f0f0f0f) << 4;
        return System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
    }

    private void Begin(uint buckets)
    {
        if (head->Pauses > 0) return;
        head->Second = arena.AllocateZeroed(buckets * (long)BucketBytes);
        head->SecondMask = buckets - 1;
        head->Moved = 0;
    }

    private void Move(ulong* line)
    {
        var first = line;
        while (line != null)
        {
            for (var i = 0; i < SlotsPerBucket; i++)
            {
                if (line[i] == 0) continue;
                Put(Bucket(head->Second, EntryAt(line + i).Hash & head->SecondMask), line[i]);
                line[i] = 0;
            }
            var next = Overflow(line);
            if (line != first) arena.Free((byte*)line);
            line = next;
        }
        first[SlotsPerBucket] = 0;
    }

    private void Put(ulong* line, ulong slot)
    {
        while (true)
        {
            for (var i = 0; i < SlotsPerBucket; i++)
            {
                if (line[i] != 0) continue;
                line[i] = slot;
                return;
            }
            if (line[SlotsPerBucket] == 0) line[SlotsPerBucket] = (ulong)arena.AllocateZeroed(BucketBytes);
            line = Overflow(line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* BucketOf(uint hash)
    {
        var number = hash & head->FirstMask;
        return head->Second == null || number >= head->Moved ? Bucket(head->First, number) : Bucket(head->Second, hash & head->SecondMask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong* Bucket(byte* table, uint number) => (ulong*)(table + (ulong)number * BucketBytes);
}

/// <summary>The bucket lines of one step of a scan.</summary>
internal unsafe struct LineList()
{
    private readonly List<nint> lines = [];

    public readonly int Count => lines.Count;

    public readonly ulong* this[int index] => (ulong*)lines[index];

    public readonly void Add(ulong* line)
    {
        while (line != null)
        {
            lines.Add((nint)line);
            line = EntryIndex.Overflow(line);
        }
    }

    public readonly void Clear() => lines.Clear();
}
