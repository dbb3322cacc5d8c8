using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using OpenCluster.Model.Files.Yaml;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>A map with known keys that becomes one noun.</summary>
/// <param name="title">What it is, with its article: "a server". Also its name in the JSON Schema.</param>
/// <param name="bind">Values of the keys to the noun; it reports what only shows when several keys are seen together.</param>
public sealed class ObjectShape<T>(string title, ImmutableArray<Key> keys, Func<ObjectReader, T> bind) : Shape<T>, IObjectShape
{
    public string Title { get; } = title;

    public ImmutableArray<Key> Keys { get; } = keys;

    /// <summary>Another, shorter way to write it: its words and how it becomes the long one; null for none.</summary>
    public ShortForm<T>? Short { get; init; }

    public override string Words => Short is null ? "a map" : $"{Short.Shape.Words}, or a map";

    internal override bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is ScalarNode { IsNull: true })
            node = new MapNode(node.At, []);
        if (node is not MapNode map)
        {
            if (Short is not null)
                return Short.TryRead(node, scope, out value);
            scope.Error(node.At, $"this is {node.Words}, and should be {Words}", $"Its keys are {string.Join(", ", Keys.Select(k => k.Name))}");
            return false;
        }

        var reader = new ObjectReader(map, scope);
        reader.CheckKeys(Keys, Title);
        value = bind(reader);
        return true;
    }

    public override JsonObject Describe()
    {
        var reference = new JsonObject { ["$ref"] = "#/$defs/" + Definition };
        return Short is null ? reference : new JsonObject { ["anyOf"] = new JsonArray(Short.Shape.Describe(), reference) };
    }

    public string Definition => Title[(Title.IndexOf(' ', StringComparison.Ordinal) + 1)..].Replace(' ', '-').Replace("'", "", StringComparison.Ordinal);

    internal override void Collect(List<IObjectShape> found)
    {
        if (found.Contains(this))
            return;
        found.Add(this);
        foreach (var key in Keys)
            key.Shape.Collect(found);
    }
}

/// <summary>What the schema's writers need of an object shape, whatever it becomes.</summary>
public interface IObjectShape
{
    string Title { get; }

    /// <summary>Its name among the definitions of the JSON Schema.</summary>
    string Definition { get; }

    ImmutableArray<Key> Keys { get; }
}

/// <summary>A short way to write an object.</summary>
public abstract class ShortForm<T>
{
    public abstract Shape Shape { get; }

    internal abstract bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value);
}

/// <param name="expand">The short value, and the name it stands under, to the long one.</param>
public sealed class ShortForm<TShort, T>(Shape<TShort> shape, Func<TShort, string, T> expand) : ShortForm<T>
{
    public override Shape Shape => shape;

    internal override bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value)
    {
        var read = shape.TryRead(node, scope, out var small);
        value = read ? expand(small!, scope.Name) : default;
        return read;
    }
}
