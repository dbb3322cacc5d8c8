using OpenCluster.Data.Collections;
using OpenCluster.Data.Memory;

namespace OpenCluster.Data.Keyspace;

/// <summary>Is told of what a keyspace does by itself, and before it changes what a snapshot has not saved yet.</summary>
internal interface IKeyspaceObserver
{
    /// <summary>The key's time has come; it is removed next.</summary>
    void Expiring(ReadOnlySpan<byte> key);

    /// <summary>An entry that the running snapshot has not saved is about to change or go.</summary>
    void SaveBeforeChange(Entry entry);
}

/// <summary>
/// The keys of one space, their values and their times, in native memory. Entries it hands out are valid until the next change; what
/// changes an entry asks for it by <see cref="FindForWrite"/>, so that a running snapshot can save it as it was. One thread at a time.
/// </summary>
internal sealed unsafe class Keyspace : IDisposable
{
    private readonly KeyspaceClock clock;
    private readonly ExpiryHeap expiries;
    private IndexHead* head;

    public Keyspace(KeyspaceClock clock)
    {
        this.clock = clock;
        Arena = new Arena();
        expiries = new ExpiryHeap(Arena);
        head = EntryIndex.Create(Arena);
    }

    public Arena Arena { get; }

    public IKeyspaceObserver? Observer { get; set; }

    public EntryIndex Index => new(head, Arena);

    public long Count => head->Count;

    /// <summary>Keys that end some day.</summary>
    public int ExpiringCount => expiries.Count;

    /// <summary>What <see cref="EntryFlags.Saved"/> means now; turned over at the start of each snapshot, so that all are unsaved at once.</summary>
    public bool SavedMark { get; private set; }

    /// <summary>A walk through the buckets for a snapshot is under way.</summary>
    public bool IsSnapshotRunning { get; private set; }

    /// <summary>The entry, or a null one; a key whose time has come goes now.</summary>
    public Entry Find(ReadOnlySpan<byte> key)
    {
        var hash = KeyHash.Of(key);
        var entry = Index.Find(key, hash);
        if (entry.IsNull) return entry;
        if (entry.Expires && IsOver(entry)) return default;
        clock.Access.Touch(entry);
        return entry;
    }

    /// <summary>As <see cref="Find"/>, without counting as a use.</summary>
    public Entry Peek(ReadOnlySpan<byte> key)
    {
        var entry = Index.Find(key, KeyHash.Of(key));
        return entry.IsNull || (entry.Expires && IsOver(entry)) ? default : entry;
    }

    /// <summary>The entry, which the caller may change in place.</summary>
    public Entry FindForWrite(ReadOnlySpan<byte> key)
    {
        var entry = Find(key);
        if (!entry.IsNull) BeforeChange(entry);
        return entry;
    }

    /// <summary>Sets a string, whatever was there before.</summary>
    /// <param name="key">1 byte or none, up to <see cref="Entry.MaxKeyBytes"/>.</param>
    /// <param name="value">Its bytes; may lie in the entry that is replaced.</param>
    /// <param name="expiresAt">Milliseconds since 1970; 0: never.</param>
    public Entry SetString(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAt)
    {
        var entry = Rewrite(key, ValueKind.String, value.Length, expiresAt, keepValue: false, out var old);
        value.CopyTo(entry.Value);
        entry.Set(EntryFlags.Raw, false);
        Drop(old);
        return entry;
    }

    /// <summary>Gives a string another length and keeps its bytes up to it; new ones are zero. The entry may move.</summary>
    public Entry Resize(ReadOnlySpan<byte> key, int length)
    {
        var was = Index.Find(key, KeyHash.Of(key));
        var kept = Math.Min(was.ValueLength, length);
        var before = was.ValueLength;
        var entry = Rewrite(key, ValueKind.String, length, was.Expires ? was.ExpiresAt : 0, keepValue: true, out var old);
        if (!old.IsNull) old.Value[..kept].CopyTo(entry.Value);
        if (length > before) entry.Value[before..].Clear();
        Drop(old);
        entry.Set(EntryFlags.Raw, true);
        return entry;
    }

    /// <summary>Adds a key that is not there, with a collection that belongs to the entry from now on.</summary>
    public Entry AddCollection(ReadOnlySpan<byte> key, ValueKind kind, nint collection, long expiresAt = 0)
    {
        var entry = Rewrite(key, kind, sizeof(nint), expiresAt, keepValue: false, out var old);
        entry.Collection = collection;
        Drop(old);
        return entry;
    }

    /// <summary>Removes a key with its value; false when there was none (or its time had come).</summary>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        var slot = Index.FindSlot(key, KeyHash.Of(key));
        if (slot == null) return false;
        var entry = EntryIndex.EntryAt(slot);
        if (entry.Expires && IsOver(entry)) return false;
        Take(slot, entry);
        Destroy(entry);
        return true;
    }

    /// <summary>Sets, changes or (0) takes away the time at which a key that is there ends. The entry may move.</summary>
    public Entry SetExpiry(ReadOnlySpan<byte> key, long expiresAt)
    {
        var slot = Index.FindSlot(key, KeyHash.Of(key));
        var entry = EntryIndex.EntryAt(slot);
        BeforeChange(entry);
        if (entry.Expires && expiresAt != 0)
        {
            entry.ExpiresAt = expiresAt;
            expiries.Update(entry);
            return entry;
        }
        if (!entry.Expires && expiresAt == 0) return entry;

        var block = Arena.Allocate(Entry.SizeFor(entry.KeyLength, expiresAt != 0, entry.ValueLength));
        var flags = entry.Flags & ~EntryFlags.Expires | (expiresAt != 0 ? EntryFlags.Expires : EntryFlags.None);
        var moved = Entry.Write(block, entry.Hash, entry.Key, flags, entry.Kind, entry.ValueLength);
        entry.Value.CopyTo(moved.Value);
        moved.Access = entry.Access;
        if (entry.Expires) expiries.Remove(entry);
        EntryIndex.Replace(slot, moved);
        Arena.Free(entry.Block);
        if (expiresAt == 0) return moved;
        moved.ExpiresAt = expiresAt;
        expiries.Add(moved);
        return moved;
    }

    /// <summary>Gives a key that is there another name; what had that name goes.</summary>
    public void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Remove(to);
        var slot = Index.FindSlot(from, KeyHash.Of(from));
        var entry = EntryIndex.EntryAt(slot);
        Take(slot, entry);
        var renamed = InsertLike(entry, to);
        entry.Value.CopyTo(renamed.Value);
        Arena.Free(entry.Block);
    }

    /// <summary>Puts a copy of a key's value under another name; what had that name goes.</summary>
    public void Copy(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        Remove(to);
        var entry = Index.Find(from, KeyHash.Of(from));
        var copy = InsertLike(entry, to);
        if (entry.Kind == ValueKind.String) entry.Value.CopyTo(copy.Value);
        else copy.Collection = Collection.Clone(entry, Arena);
    }

    /// <summary>Removes keys whose time has come, at most <paramref name="most"/>.</summary>
    /// <returns>How many.</returns>
    public int RemoveExpired(int most)
    {
        var removed = 0;
        while (removed < most && expiries.Count > 0 && expiries.First.ExpiresAt <= clock.Now && !clock.IsFrozen)
        {
            IsOver(expiries.First);
            removed++;
        }
        return removed;
    }

    /// <summary>Any key, chosen by chance; a null entry when there is none.</summary>
    public Entry Sample(Random random) => Walking.Sample(Index, random);

    /// <summary>Every key is gone, at the cost of the slabs and not of the keys.</summary>
    public void Clear()
    {
        Arena.Reset();
        expiries.Reset();
        head = EntryIndex.Create(Arena);
        if (IsSnapshotRunning) EntryIndex.Pause(head);
    }

    /// <summary>All entries count as unsaved, and buckets stay where they are until <see cref="EndSnapshot"/>.</summary>
    public void BeginSnapshot()
    {
        SavedMark = !SavedMark;
        IsSnapshotRunning = true;
        EntryIndex.Pause(head);
    }

    public void EndSnapshot()
    {
        IsSnapshotRunning = false;
        EntryIndex.Resume(head);
    }

    public bool IsSaved(Entry entry) => entry.Flags.HasFlag(EntryFlags.Saved) == SavedMark;

    public void MarkSaved(Entry entry) => entry.Set(EntryFlags.Saved, SavedMark);

    /// <summary>What an entry takes, its value included.</summary>
    public long SizeOf(Entry entry) => Arena.SizeOf(entry.Block) + (entry.Kind == ValueKind.String ? 0 : Collection.SizeOf(entry, Arena));

    public void Dispose() => Arena.Dispose();

    /// <summary>
    /// An entry for <paramref name="key"/> with room for the value: the one there, when it fits, or a new one in its place.
    /// <paramref name="old"/> is what it replaces, still whole, for the caller to copy from and to <see cref="Drop"/>.
    /// </summary>
    private Entry Rewrite(ReadOnlySpan<byte> key, ValueKind kind, int valueLength, long expiresAt, bool keepValue, out Entry old)
    {
        old = default;
        var hash = KeyHash.Of(key);
        var slot = Index.FindSlot(key, hash);
        var size = Entry.SizeFor(key.Length, expiresAt != 0, valueLength);
        if (slot == null) return Insert(key, hash, kind, valueLength, expiresAt, size);

        var entry = EntryIndex.EntryAt(slot);
        BeforeChange(entry);
        if (entry.Kind == ValueKind.String && kind == ValueKind.String && entry.Expires == (expiresAt != 0) && Fits(entry.Block, size))
        {
            entry.ValueLength = valueLength;
            if (expiresAt != 0 && entry.ExpiresAt != expiresAt)
            {
                entry.ExpiresAt = expiresAt;
                expiries.Update(entry);
            }
            clock.Access.Touch(entry);
            return entry;
        }

        // A string that grows bit by bit gets more than it asks for, so that it is not copied every time.
        var room = keepValue && size > Arena.SizeOf(entry.Block) ? Math.Min(size + size / 2, size + 1024 * 1024) : size;
        var flags = (expiresAt != 0 ? EntryFlags.Expires : EntryFlags.None) | SavedFlag;
        var written = Entry.Write(Arena.Allocate(room), (uint)hash, key, flags, kind, valueLength);
        written.Access = entry.Access;
        if (entry.Expires) expiries.Remove(entry);
        if (expiresAt != 0)
        {
            written.ExpiresAt = expiresAt;
            expiries.Add(written);
        }
        EntryIndex.Replace(slot, written);
        old = entry;
        clock.Access.Touch(written);
        return written;
    }

    private Entry Insert(ReadOnlySpan<byte> key, ulong hash, ValueKind kind, int valueLength, long expiresAt, long size)
    {
        var flags = (expiresAt != 0 ? EntryFlags.Expires : EntryFlags.None) | SavedFlag;
        var entry = Entry.Write(Arena.Allocate(size), (uint)hash, key, flags, kind, valueLength);
        clock.Access.Start(entry);
        if (expiresAt != 0)
        {
            entry.ExpiresAt = expiresAt;
            expiries.Add(entry);
        }
        Index.Insert(entry, hash);
        return entry;
    }

    /// <summary>A new entry with the kind, length and time of another; its value is the caller's to write.</summary>
    private Entry InsertLike(Entry other, ReadOnlySpan<byte> key)
    {
        var expiresAt = other.Expires ? other.ExpiresAt : 0;
        var entry = Insert(key, KeyHash.Of(key), other.Kind, other.ValueLength, expiresAt, Entry.SizeFor(key.Length, other.Expires, other.ValueLength));
        entry.Set(EntryFlags.Raw, other.Flags.HasFlag(EntryFlags.Raw));
        return entry;
    }

    /// <summary>What is new while a snapshot runs is no part of it.</summary>
    private EntryFlags SavedFlag => SavedMark ? EntryFlags.Saved : EntryFlags.None;

    /// <summary>Whether a block is large enough for so many bytes, and not so large that most of it would lie idle.</summary>
    private static bool Fits(byte* block, long size)
    {
        var room = Arena.SizeOf(block);
        return size <= room && (room <= 64 || size >= room / 4);
    }

    private void Drop(Entry old)
    {
        if (!old.IsNull) Destroy(old);
    }

    private void Destroy(Entry entry)
    {
        if (entry.Kind != ValueKind.String) Collection.Free(entry, Arena);
        Arena.Free(entry.Block);
    }

    /// <summary>Takes an entry out of index and heap.</summary>
    private void Take(ulong* slot, Entry entry)
    {
        BeforeChange(entry);
        if (entry.Expires) expiries.Remove(entry);
        Index.Remove(slot);
    }

    /// <summary>Whether an entry's time has come; then it is gone.</summary>
    private bool IsOver(Entry entry)
    {
        if (entry.ExpiresAt > clock.Now || clock.IsReplaying) return false;
        if (clock.IsFrozen) return true;
        Observer?.Expiring(entry.Key);
        Take(Index.FindSlot(entry.Key, KeyHash.Of(entry.Key)), entry);
        Destroy(entry);
        return true;
    }

    private void BeforeChange(Entry entry)
    {
        if (!IsSnapshotRunning || IsSaved(entry)) return;
        Observer?.SaveBeforeChange(entry);
        MarkSaved(entry);
    }
}
