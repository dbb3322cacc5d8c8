using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using OpenCluster.Model.Files.Yaml;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>A list; a single item may stand without the brackets. Items that are wrong are reported and left out.</summary>
/// <param name="items">The plural, for people: "tags".</param>
public sealed class ListShape<T>(string items, Shape<T> item) : Shape<ImmutableArray<T>>
{
    public override string Words => item is TextShape ? $"one or a list of {items}" : $"one or a list of {items}, each {item.Words}";

    internal override bool TryRead(FileNode node, Scope scope, out ImmutableArray<T> value)
    {
        if (node is not ListNode list)
        {
            var alone = item.TryRead(node, scope, out var single);
            value = alone ? [single!] : [];
            return alone;
        }

        var read = ImmutableArray.CreateBuilder<T>(list.Items.Length);
        for (var i = 0; i < list.Items.Length; i++)
        {
            var below = scope.Below(i.ToString());
            scope.Reading.Found(below.Path, list.Items[i].At);
            if (item.TryRead(list.Items[i], below, out var one))
                read.Add(one);
        }
        value = read.ToImmutable();
        return true;
    }

    public override string? Show(ImmutableArray<T> value) =>
        value.IsDefaultOrEmpty ? "none" : value.Length == 1 ? item.Show(value[0]) : $"[{string.Join(", ", value.Select(item.Show))}]";

    public override JsonObject Describe() => new()
    {
        ["anyOf"] = new JsonArray(item.Describe(), new JsonObject { ["type"] = "array", ["items"] = item.Describe() }),
    };

    internal override void Collect(List<IObjectShape> found) => item.Collect(found);
}

/// <summary>
/// Objects by name: a map from name to object, or, where all have only a name, a list of names. Objects that are wrong are
/// reported and left out.
/// </summary>
/// <param name="items">The plural, for people: "servers".</param>
public sealed class NamedShape<T>(string items, ObjectShape<T> item, bool namesAlone) : Shape<ImmutableArray<T>>
{
    public override string Words => $"a map from name to {item.Title}{(namesAlone ? ", or a list of names" : "")}";

    internal override bool TryRead(FileNode node, Scope scope, out ImmutableArray<T> value)
    {
        value = [];
        if (Named(node) is not { } map)
        {
            scope.Error(node.At, $"{items} are {node.Words}, and should be {Words}", "Write NAME: {…}");
            return false;
        }

        var read = ImmutableArray.CreateBuilder<T>(map.Entries.Length);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in map.Entries)
        {
            var below = scope.Below(entry.Key);
            scope.Reading.Found(below.Path, entry.At);
            if (!seen.Add(entry.Key))
                scope.Error(entry.At, $"\"{entry.Key}\" is here twice", "Keep one of them");
            else if (Texts.NotAName(entry.Key) is { } wrong)
                scope.Error(entry.At, $"\"{entry.Key}\" {wrong.What}", wrong.Instead);
            else if (item.TryRead(entry.Value, below, out var one))
                read.Add(one);
        }
        value = read.ToImmutable();
        return true;
    }

    private MapNode? Named(FileNode node) => node switch
    {
        MapNode map => map,
        ListNode list when namesAlone && list.Items.All(i => i is ScalarNode) =>
            new MapNode(list.At, [.. list.Items.Select(i => new MapEntry(((ScalarNode)i).Text, i.At, new ScalarNode(i.At, "", quoted: false)))]),
        ScalarNode { IsNull: true } => new MapNode(node.At, []),
        _ => null,
    };

    public override JsonObject Describe()
    {
        var map = new JsonObject
        {
            ["type"] = "object",
            ["propertyNames"] = new JsonObject { ["pattern"] = Texts.NamePattern },
            ["additionalProperties"] = new JsonObject { ["anyOf"] = new JsonArray(item.Describe(), new JsonObject { ["type"] = "null" }) },
        };
        return namesAlone
            ? new JsonObject { ["anyOf"] = new JsonArray(map, new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string", ["pattern"] = Texts.NamePattern } }) }
            : map;
    }

    internal override void Collect(List<IObjectShape> found) => item.Collect(found);
}

/// <summary>Texts by name, names and texts checked: environment, values.</summary>
/// <param name="items">The plural, for people: "variables".</param>
/// <param name="badName">What is wrong with a name, or null.</param>
public sealed class TextMapShape(string items, string namePattern, Func<string, Wrong?> badName) : Shape<ImmutableSortedDictionary<string, string>>
{
    public override string Words => $"a map of {items}: name to text";

    internal override bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out ImmutableSortedDictionary<string, string> value)
    {
        var read = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (name, at, scalar) in Entries(node, scope))
        {
            var below = scope.Below(name);
            scope.Reading.Found(below.Path, at);
            if (scope.Values.Fill(scalar.Text, scalar.At, below) is { } text)
                read[name] = text;
        }
        value = read.ToImmutable();
        return true;
    }

    /// <summary>The entries as written, names checked, nothing filled in.</summary>
    internal IEnumerable<(string Name, Position At, ScalarNode Text)> Entries(FileNode node, Scope scope)
    {
        if (node is not MapNode map)
        {
            scope.Error(node.At, $"this is {node.Words}, and should be {Words}", "Write NAME: TEXT");
            yield break;
        }
        foreach (var entry in map.Entries)
        {
            if (badName(entry.Key) is { } wrong)
                scope.Error(entry.At, $"\"{entry.Key}\" {wrong.What}", wrong.Instead);
            else if (entry.Value is not ScalarNode scalar)
                scope.Below(entry.Key).Error(entry.Value.At, $"this is {entry.Value.Words}, and should be a text", "Put quotes around it");
            else
                yield return (entry.Key, entry.At, scalar);
        }
    }

    public override JsonObject Describe() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["pattern"] = namePattern },
        ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("string", "number", "boolean", "null") },
    };
}
