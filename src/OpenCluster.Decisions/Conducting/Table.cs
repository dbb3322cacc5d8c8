using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Documents of one kind in memory: what is put here is written with the event that caused it.</summary>
internal sealed class Table<T>(string prefix, JsonTypeInfo<T> json, Changes changes)
    where T : class
{
    private readonly Dictionary<string, T> byId = new(StringComparer.Ordinal);

    public string Prefix => prefix;
    public int Count => byId.Count;
    public IEnumerable<T> Values => byId.Values;
    public IEnumerable<KeyValuePair<string, T>> All => byId;

    public T? Find(string? id) => id is null ? null : byId.GetValueOrDefault(id);

    public bool Has(string id) => byId.ContainsKey(id);

    public bool TryGet(string id, [NotNullWhen(true)] out T? value) => byId.TryGetValue(id, out value);

    public void Put(string id, T value)
    {
        byId[id] = value;
        Touch(id);
    }

    public void Remove(string id)
    {
        if (byId.Remove(id))
            Touch(id);
    }

    /// <summary>From the store: already durable, so nothing is written.</summary>
    public T Load(string id, ReadOnlySpan<byte> bytes)
    {
        var value = JsonSerializer.Deserialize(bytes, json) ?? throw new JsonException($"The document '{prefix}{id}' is null.");
        byId[id] = value;
        return value;
    }

    public ReadOnlyMemory<byte>? Bytes(string id) =>
        // Not a plain null: that would convert to empty bytes.
        byId.TryGetValue(id, out var value) ? JsonSerializer.SerializeToUtf8Bytes(value, json) : default(ReadOnlyMemory<byte>?);

    private void Touch(string id) => changes.Write(prefix + id, () => Bytes(id));
}
