using OpenCluster.Data.Keyspace;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>What OBJECT ENCODING says: the names that Redis has for values like these. Ours are kept otherwise.</summary>
internal static class Encodings
{
    private const int LongestEmbedded = 44;

    public static ReadOnlySpan<byte> Of(Entry entry, Memory.Arena arena) => entry.Kind switch
    {
        ValueKind.String when entry.Flags.HasFlag(EntryFlags.Raw) => "raw"u8,
        ValueKind.String when RespNumber.TryInteger(entry.Value, out _) => "int"u8,
        ValueKind.String => entry.ValueLength <= LongestEmbedded ? "embstr"u8 : "raw"u8,
        _ => Collections.Collection.EncodingOf(entry, arena),
    };
}
