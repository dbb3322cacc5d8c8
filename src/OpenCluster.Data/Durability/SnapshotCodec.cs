using System.Buffers.Binary;
using OpenCluster.Data.Collections;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Memory;
using OpenCluster.Data.Spaces;
using OpenCluster.Resp;

namespace OpenCluster.Data.Durability;

/// <summary>
/// Keys as a snapshot holds them. A payload: length of the space's name (1), the name, then entries: kind (1), flags (1), the time it ends
/// (8, only with the flag), key (length 4, bytes), then the bytes of a string (length 4) or the number of elements (4) and these:
/// a value, a member, a field and its value, a score (8) and its member. A large collection is several entries of the same key.
/// </summary>
internal static class SnapshotCodec
{
    private const byte HasExpiry = 1;
    private const byte IsRaw = 2;

    /// <summary>A collection goes on in another entry after so many bytes.</summary>
    private const int PartBytes = 1024 * 1024;

    /// <summary>Begins a payload.</summary>
    public static void Begin(RespWriter output, Space space)
    {
        output.Raw([(byte)space.NameBytes.Length]);
        output.Raw(space.NameBytes);
    }

    /// <summary>Writes an entry.</summary>
    /// <param name="output">Where.</param>
    /// <param name="entry">The key and its value.</param>
    /// <param name="arena">Its collection's memory.</param>
    /// <param name="part">Called when a part of a large collection is full: takes what is in <paramref name="output"/> and begins another payload.</param>
    public static void Write(RespWriter output, Entry entry, Arena arena, Action part)
    {
        if (entry.Kind == ValueKind.String)
        {
            Head(output, entry);
            Bytes(output, entry.Value);
            return;
        }
        var elements = new Elements(output, entry, part);
        switch (entry.Kind)
        {
            case ValueKind.List:
                var list = new ListValue(entry.Collection, arena);
                for (var i = 0; i < list.Count; i++)
                {
                    elements.Next();
                    Bytes(output, list[i]);
                }
                break;
            case ValueKind.SortedSet:
                foreach (var member in new SortedSetValue(entry.Collection, arena).Members)
                {
                    elements.Next();
                    output.Raw(member.Value);
                    Bytes(output, member.Key);
                }
                break;
            default:
                foreach (var field in new FieldMap(entry.Collection, arena))
                {
                    elements.Next();
                    Bytes(output, field.Key);
                    if (entry.Kind == ValueKind.Hash) Bytes(output, field.Value);
                }
                break;
        }
        elements.End();
    }

    public static void Load(ReadOnlySpan<byte> payload, SpaceTable spaces)
    {
        var keys = spaces.Replayed(payload.Slice(1, payload[0])).Keys;
        payload = payload[(1 + payload[0])..];
        while (!payload.IsEmpty)
        {
            var (kind, flags) = ((ValueKind)payload[0], payload[1]);
            payload = payload[2..];
            long expiresAt = 0;
            if ((flags & HasExpiry) != 0) expiresAt = BinaryPrimitives.ReadInt64LittleEndian(Take(ref payload, sizeof(long)));
            var key = TakeBytes(ref payload);
            if (kind == ValueKind.String)
            {
                var entry = keys.SetString(key, TakeBytes(ref payload), expiresAt);
                entry.Set(EntryFlags.Raw, (flags & IsRaw) != 0);
                continue;
            }
            LoadElements(keys, kind, key, expiresAt, ref payload);
        }
    }

    private static void LoadElements(Keyspace.Keyspace keys, ValueKind kind, scoped ReadOnlySpan<byte> key, long expiresAt, ref ReadOnlySpan<byte> payload)
    {
        var entry = keys.Peek(key);
        if (entry.IsNull) entry = keys.AddCollection(key, kind, Collection.Create(kind, keys.Arena), expiresAt);
        for (var count = BinaryPrimitives.ReadInt32LittleEndian(Take(ref payload, sizeof(int))); count > 0; count--)
        {
            switch (kind)
            {
                case ValueKind.List:
                    new ListValue(entry.Collection, keys.Arena).AddLast(TakeBytes(ref payload));
                    break;
                case ValueKind.SortedSet:
                    var score = BinaryPrimitives.ReadDoubleLittleEndian(Take(ref payload, sizeof(double)));
                    var sorted = new SortedSetValue(entry.Collection, keys.Arena);
                    var member = TakeBytes(ref payload);
                    sorted.Put(member, score);
                    Collection.Note(kind, sorted.Members, member, 0);
                    break;
                default:
                    var map = new FieldMap(entry.Collection, keys.Arena);
                    var name = TakeBytes(ref payload);
                    var value = kind == ValueKind.Hash ? TakeBytes(ref payload) : [];
                    map.Put(name, value);
                    Collection.Note(kind, map, name, value.Length);
                    break;
            }
        }
    }

    private static void Head(RespWriter output, Entry entry)
    {
        output.Raw([(byte)entry.Kind, (byte)((entry.Expires ? HasExpiry : 0) | (entry.Flags.HasFlag(EntryFlags.Raw) ? IsRaw : 0))]);
        if (entry.Expires)
        {
            Span<byte> time = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(time, entry.ExpiresAt);
            output.Raw(time);
        }
        Bytes(output, entry.Key);
    }

    private static void Bytes(RespWriter output, ReadOnlySpan<byte> bytes)
    {
        Number(output, bytes.Length);
        output.Raw(bytes);
    }

    private static void Number(RespWriter output, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        output.Raw(bytes);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> payload, int count)
    {
        var taken = payload[..count];
        payload = payload[count..];
        return taken;
    }

    private static ReadOnlySpan<byte> TakeBytes(ref ReadOnlySpan<byte> payload) => Take(ref payload, BinaryPrimitives.ReadInt32LittleEndian(Take(ref payload, sizeof(int))));

    /// <summary>Counts the elements of an entry while they are written, and divides what becomes too large.</summary>
    private ref struct Elements(RespWriter output, Entry entry, Action part)
    {
        private int countAt;
        private int count;
        private int startedAt;
        private bool isOpen;

        public void Next()
        {
            if (isOpen && output.Length - startedAt > PartBytes)
            {
                End();
                part();
                isOpen = false;
            }
            if (!isOpen)
            {
                startedAt = output.Length;
                Head(output, entry);
                countAt = output.Length;
                Number(output, 0);
                (count, isOpen) = (0, true);
            }
            count++;
        }

        public readonly void End()
        {
            if (isOpen) output.Patch(countAt, count);
        }
    }
}
