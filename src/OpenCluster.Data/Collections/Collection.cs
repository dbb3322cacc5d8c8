using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Memory;
using OpenCluster.Resp;

namespace OpenCluster.Data.Collections;

/// <summary>What is done with a collection whatever its kind.</summary>
internal static class Collection
{
    /// <summary>Above these Redis gives up its compact forms; so its defaults have it.</summary>
    private const int CompactHash = 512;
    private const int CompactSortedSet = 128;
    private const int CompactIntegers = 512;
    private const int CompactBytes = 64;

    public static nint Create(ValueKind kind, Arena arena) => kind switch
    {
        ValueKind.List => ListValue.Create(arena),
        ValueKind.SortedSet => SortedSetValue.Create(arena),
        _ => FieldMap.Create(arena),
    };

    public static void Free(Entry entry, Arena arena)
    {
        switch (entry.Kind)
        {
            case ValueKind.List: new ListValue(entry.Collection, arena).Free(); break;
            case ValueKind.SortedSet: new SortedSetValue(entry.Collection, arena).Free(); break;
            default: new FieldMap(entry.Collection, arena).Free(); break;
        }
    }

    public static long SizeOf(Entry entry, Arena arena) => entry.Kind switch
    {
        ValueKind.List => new ListValue(entry.Collection, arena).SizeBytes,
        ValueKind.SortedSet => new SortedSetValue(entry.Collection, arena).SizeBytes,
        _ => new FieldMap(entry.Collection, arena).SizeBytes,
    };

    public static bool IsEmpty(Entry entry, Arena arena) => entry.Kind switch
    {
        ValueKind.List => new ListValue(entry.Collection, arena).Count == 0,
        ValueKind.SortedSet => new SortedSetValue(entry.Collection, arena).Count == 0,
        _ => new FieldMap(entry.Collection, arena).Count == 0,
    };

    public static nint Clone(Entry entry, Arena arena)
    {
        var copy = Create(entry.Kind, arena);
        switch (entry.Kind)
        {
            case ValueKind.List:
                var list = new ListValue(entry.Collection, arena);
                for (var i = 0; i < list.Count; i++) new ListValue(copy, arena).AddLast(list[i]);
                break;
            case ValueKind.SortedSet:
                foreach (var member in new SortedSetValue(entry.Collection, arena).Members) new SortedSetValue(copy, arena).Put(member.Key, SortedSetValue.ScoreOf(member));
                Members(copy, arena).IsLarge = Members(entry.Collection, arena).IsLarge;
                break;
            default:
                var map = new FieldMap(copy, arena);
                foreach (var field in new FieldMap(entry.Collection, arena)) map.Add(field.Key, field.Value);
                map.IsLarge = new FieldMap(entry.Collection, arena).IsLarge;
                break;
        }
        return copy;
    }

    /// <summary>The form in which Redis would keep it.</summary>
    public static ReadOnlySpan<byte> EncodingOf(Entry entry, Arena arena) => entry.Kind switch
    {
        ValueKind.List => "quicklist"u8,
        ValueKind.Set => new FieldMap(entry.Collection, arena).IsLarge ? "hashtable"u8 : "intset"u8,
        ValueKind.SortedSet => Members(entry.Collection, arena).IsLarge ? "skiplist"u8 : "listpack"u8,
        _ => new FieldMap(entry.Collection, arena).IsLarge ? "hashtable"u8 : "listpack"u8,
    };

    /// <summary>Remembers that a name and a value have come that end the compact form.</summary>
    public static void Note(ValueKind kind, FieldMap map, ReadOnlySpan<byte> name, int valueLength)
    {
        if (map.IsLarge) return;
        map.IsLarge = kind switch
        {
            ValueKind.Set => map.Count > CompactIntegers || !RespNumber.TryInteger(name, out _),
            ValueKind.SortedSet => map.Count > CompactSortedSet || name.Length > CompactBytes,
            _ => map.Count > CompactHash || name.Length > CompactBytes || valueLength > CompactBytes,
        };
    }

    private static FieldMap Members(nint sortedSet, Arena arena) => new SortedSetValue(sortedSet, arena).Members;
}
