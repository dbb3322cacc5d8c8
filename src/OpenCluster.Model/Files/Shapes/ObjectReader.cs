using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using OpenCluster.Model.Files.Yaml;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>
/// A map being read: hands out the values of its keys. Where one is missing or wrong the error is reported and a stand-in handed
/// out, so that reading goes on and finds the other errors.
/// </summary>
public sealed class ObjectReader(MapNode node, Scope scope)
{
    public MapNode Node { get; } = node;

    public Scope Scope { get; } = scope;

    /// <summary>The key under which this map stands.</summary>
    public string Name => Scope.Name;

    public bool Has(Key key) => Node[key.Name] is not null;

    /// <summary>The value, or what holds when it is left out (or wrong: then the error is reported, and reading goes on).</summary>
    public T Get<T>(Key<T> key) => TryGet(key, out var value) ? value : key.Usual;

    /// <summary>The value of a key that must be there.</summary>
    public T Need<T>(OptionalKey<T> key, T standIn)
    {
        if (TryGet(key, out var value))
            return value;
        if (!Has(key))
            Scope.Below(key.Name).Error(Node.At, $"\"{key.Name}\" is missing", $"Add \"{key.Name}:\" and {key.Shape.Words}");
        return standIn;
    }

    /// <summary>The value, or null when it is left out.</summary>
    public T? Maybe<T>(OptionalKey<T> key) where T : class => TryGet(key, out var value) ? value : null;

    /// <summary>The value, or null when it is left out.</summary>
    public T? Number<T>(OptionalKey<T> key) where T : struct => TryGet(key, out var value) ? value : null;

    public ImmutableArray<T> List<T>(OptionalKey<ImmutableArray<T>> key) => TryGet(key, out var value) ? value : [];

    /// <summary>The same map read with what <c>${name}</c> means in a zone.</summary>
    public ObjectReader In(string zone) =>
        new(Node, Scope with { Values = Scope.Reading.ZoneValues.TryGetValue(zone, out var values) ? values : Scope.Values.With("zone.name", zone, Node.At) });

    /// <summary>Reports something wrong with the value of a key, or with the map when the key is not there.</summary>
    public void Wrong(Key key, string what, string instead) => Scope.Below(key.Name).Error(Node[key.Name]?.At ?? Node.At, what, instead);

    internal void CheckKeys(ImmutableArray<Key> known, string title)
    {
        Scope.Reading.Found(Scope.Path, Node.At);
        foreach (var entry in Node.Entries)
        {
            var below = Scope.Below(entry.Key);
            if (known.Any(k => k.Name == entry.Key))
                Scope.Reading.Found(below.Path, entry.Value.At);
            else
                Scope.Error(entry.At, $"{title} has no key \"{entry.Key}\"", Instead(entry, known));
        }
    }

    // {description: Pages, and more} is a description "Pages" and a key "and more".
    private static string Instead(MapEntry entry, ImmutableArray<Key> known) => entry.Key.Contains(' ') && entry.Value is ScalarNode { IsNull: true }
        ? "If this belongs to the text before it, put quotes around the whole: between braces a comma ends a text"
        : DidYouMean.Hint(entry.Key, known.Select(k => k.Name));

    private bool TryGet<T>(Key<T> key, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        return Node[key.Name] is { } found && key.TryRead(found, Scope.Below(key.Name), out value);
    }

    private bool TryGet<T>(OptionalKey<T> key, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        return Node[key.Name] is { } found && key.TryRead(found, Scope.Below(key.Name), out value);
    }
}
