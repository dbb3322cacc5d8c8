using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Access;

/// <summary>Documents of one kind below one prefix, by the rest of their key.</summary>
/// <param name="gone">Told which are no longer there, after the commit that took them away.</param>
internal sealed class DocumentBook<T>(string prefix, JsonTypeInfo<T> type, Action<string>? gone = null) : IOwnBook where T : class
{
    private ImmutableDictionary<string, T> _all = ImmutableDictionary<string, T>.Empty;

    public ImmutableDictionary<string, T> All => Volatile.Read(ref _all);

    public string Prefix => prefix;

    public T? Find(string name) => All.GetValueOrDefault(name);

    public DocumentWrite Put(string name, T document) => new(prefix + name, JsonSerializer.SerializeToUtf8Bytes(document, type));

    public DocumentWrite Delete(string name) => new(prefix + name, null);

    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed)
    {
        var all = All;
        var removed = new List<string>();
        foreach (var (key, json) in committed)
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var name = key[prefix.Length..];
            all = json is { } bytes ? all.SetItem(name, JsonSerializer.Deserialize(bytes.Span, type)!) : all.Remove(name);
            if (json is null) removed.Add(name);
        }

        Volatile.Write(ref _all, all);
        foreach (var name in removed) gone?.Invoke(name);
    }
}
