using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Collections;

/// <summary>
/// Names with values: the fields of a hash, the members of a set (no value) or of a sorted set (the score). The same entries and the same
/// index as a keyspace's own. A view of the native memory behind a key; valid as long as the key holds it.
/// </summary>
internal readonly unsafe ref struct FieldMap(nint collection, Arena arena)
{
    private readonly IndexHead* head = (IndexHead*)collection;

    public static nint Create(Arena arena) => (nint)EntryIndex.Create(arena);

    public long Count => head->Count;

    /// <summary>It once held more, or longer ones, than Redis would keep in its compact form; only <c>OBJECT ENCODING</c> asks.</summary>
    public bool IsLarge
    {
        get => head->IsLarge != 0;
        set => head->IsLarge = value ? 1 : 0;
    }

    public EntryIndex Index => new(head, arena);

    public Entry Find(ReadOnlySpan<byte> name) => Index.Find(name, KeyHash.Of(name));

    /// <summary>Sets a name's value; true when the name is new.</summary>
    public bool Put(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var hash = KeyHash.Of(name);
        var slot = Index.FindSlot(name, hash);
        if (slot == null)
        {
            Add(name, hash, value);
            return true;
        }
        var entry = EntryIndex.EntryAt(slot);
        var size = Entry.SizeFor(name.Length, expires: false, value.Length);
        if (size > Arena.SizeOf(entry.Block) || size < Arena.SizeOf(entry.Block) / 4)
        {
            var written = Write(name, hash, value);
            EntryIndex.Replace(slot, written);
            arena.Free(entry.Block);
            return false;
        }
        entry.ValueLength = value.Length;
        value.CopyTo(entry.Value);
        return false;
    }

    /// <summary>Adds a name that is not there.</summary>
    public Entry Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add(name, KeyHash.Of(name), value);

    public bool Remove(ReadOnlySpan<byte> name)
    {
        var slot = Index.FindSlot(name, KeyHash.Of(name));
        if (slot == null) return false;
        var entry = EntryIndex.EntryAt(slot);
        Index.Remove(slot);
        arena.Free(entry.Block);
        return true;
    }

    public EntryWalk GetEnumerator() => new(Index);

    /// <summary>Any of them, chosen by chance; there is at least one.</summary>
    public Entry Sample(Random random) => Walking.Sample(Index, random);

    public long SizeBytes
    {
        get
        {
            var size = Index.Buckets * 64;
            foreach (var entry in this) size += Arena.SizeOf(entry.Block);
            return size;
        }
    }

    public void Free()
    {
        foreach (var entry in this) arena.Free(entry.Block);
        Index.Free();
    }

    private Entry Add(ReadOnlySpan<byte> name, ulong hash, ReadOnlySpan<byte> value)
    {
        var entry = Write(name, hash, value);
        Index.Insert(entry, hash);
        return entry;
    }

    private Entry Write(ReadOnlySpan<byte> name, ulong hash, ReadOnlySpan<byte> value)
    {
        var block = arena.Allocate(Entry.SizeFor(name.Length, expires: false, value.Length));
        var entry = Entry.Write(block, (uint)hash, name, EntryFlags.None, ValueKind.String, value.Length);
        value.CopyTo(entry.Value);
        return entry;
    }
}
