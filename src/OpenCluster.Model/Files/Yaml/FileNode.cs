using System.Collections.Immutable;

namespace OpenCluster.Model.Files.Yaml;

/// <summary>A value of a file with its place. Immutable, so an alias shares the node it stands for.</summary>
public abstract class FileNode(Position at, long size, int depth)
{
    public Position At { get; } = at;

    /// <summary>Nodes in it, itself included, aliases counted as what they stand for.</summary>
    internal long Size { get; } = size;

    internal int Depth { get; } = depth;

    /// <summary>For an error: "text", "a list", "a map", "nothing".</summary>
    public abstract string Words { get; }
}

/// <summary>A single value, as written; <c>${name}</c> not yet filled in.</summary>
public sealed class ScalarNode(Position at, string text, bool quoted) : FileNode(at, 1, 1)
{
    public string Text { get; } = text;

    /// <summary>Nothing was written: a key without a value, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull { get; } = !quoted && text is "" or "~" or "null";

    public override string Words => IsNull ? "nothing" : "a single value";
}

public sealed class ListNode(Position at, ImmutableArray<FileNode> items)
    : FileNode(at, 1 + items.Sum(i => i.Size), 1 + items.Select(i => i.Depth).DefaultIfEmpty().Max())
{
    public ImmutableArray<FileNode> Items { get; } = items;

    public override string Words => "a list";
}

/// <summary>A key with its own place, for errors about the key.</summary>
public readonly record struct MapEntry(string Key, Position At, FileNode Value);

public sealed class MapNode(Position at, ImmutableArray<MapEntry> entries)
    : FileNode(at, 1 + entries.Sum(e => 1 + e.Value.Size), 1 + entries.Select(e => e.Value.Depth).DefaultIfEmpty().Max())
{
    /// <summary>In the order of the file; keys are unique.</summary>
    public ImmutableArray<MapEntry> Entries { get; } = entries;

    public override string Words => "a map";

    /// <summary>The value of a key; null when it is not there, or there without a value.</summary>
    public FileNode? this[string key]
    {
        get
        {
            foreach (var entry in Entries)
            {
                if (entry.Key == key)
                    return entry.Value is ScalarNode { IsNull: true } ? null : entry.Value;
            }
            return null;
        }
    }

    /// <summary>
    /// This map with another laid over it: maps are merged key by key, anything else is replaced. Places stay those of the parts,
    /// so an error about an overlaid value points at where it was written.
    /// </summary>
    public MapNode Overlay(MapNode over)
    {
        var merged = Entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
        var order = Entries.Select(e => e.Key).ToList();
        foreach (var entry in over.Entries)
        {
            if (!merged.TryGetValue(entry.Key, out var under))
                order.Add(entry.Key);
            merged[entry.Key] = under.Value is MapNode below && entry.Value is MapNode above
                ? entry with { Value = below.Overlay(above) }
                : entry;
        }
        return new MapNode(over.At, [.. order.Select(k => merged[k])]);
    }
}
