using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenCluster.Controller.Conducting;

/// <summary>
/// What one event writes when that is more than a transaction takes (a roll-out that replaces hundreds at once): the writes whole, in
/// one compressed document. Putting that document is the commit; the writes themselves follow in several transactions, the last of
/// which deletes it. Whoever reads the store while it is there carries them out first, so that nobody ever sees half of them.
/// </summary>
internal sealed record LargeCommit(Dictionary<string, byte[]?> Writes)
{
    public const string Key = OwnKeys.Prefix + "large-commit";

    public static byte[] Pack(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> writes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            JsonSerializer.Serialize(gzip, writes.ToDictionary(w => w.Key, w => w.Value?.ToArray(), StringComparer.Ordinal), LargeCommitJson.Default.DictionaryStringByteArray);
        return packed.ToArray();
    }

    public static LargeCommit Unpack(ReadOnlyMemory<byte> document)
    {
        using var gzip = new GZipStream(new MemoryStream(document.ToArray()), CompressionMode.Decompress);
        return new(JsonSerializer.Deserialize(gzip, LargeCommitJson.Default.DictionaryStringByteArray) ?? throw new JsonException($"The document '{Key}' is null."));
    }
}

[JsonSerializable(typeof(Dictionary<string, byte[]?>))]
internal sealed partial class LargeCommitJson : JsonSerializerContext;
