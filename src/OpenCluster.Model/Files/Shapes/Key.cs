using System.Diagnostics.CodeAnalysis;
using OpenCluster.Model.Files.Yaml;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>
/// A key of a cluster file, described once: what it means, what may stand there, and what holds when it is left out. Reading, the
/// JSON Schema, the annotated sample and the questions of a walk-through all come from here.
/// </summary>
public abstract class Key(string name, string meaning)
{
    public string Name { get; } = name;

    /// <summary>Sentences for the owner: what it is for, and what raising or lowering it costs.</summary>
    public string Meaning { get; } = meaning;

    public abstract Shape Shape { get; }

    /// <summary>True when leaving it out is an error.</summary>
    public bool Required { get; init; }

    /// <summary>What holds when it is left out, as one would write it or in words; null when nothing does.</summary>
    public abstract string? Default { get; }

    /// <summary>Everything in one text: <c>How often an agent reports. A duration, 200ms to 30s. Default: 500ms.</c></summary>
    public string Explanation
    {
        get
        {
            var shape = Shape.Words == "a map" ? "" : $" {char.ToUpperInvariant(Shape.Words[0])}{Shape.Words[1..]}.";
            var otherwise = Required ? " Required." : Default is null ? "" : $" Default: {Default}.";
            return $"{Meaning}{shape}{otherwise}";
        }
    }

    /// <summary>Reads the value to report its errors, and forgets it.</summary>
    internal abstract void Check(FileNode node, Scope scope);
}

/// <param name="usual">The value when it is left out.</param>
public sealed class Key<T>(string name, Shape<T> shape, string meaning, T usual) : Key(name, meaning)
{
    public override Shape<T> Shape { get; } = shape;

    /// <summary>The value when it is left out.</summary>
    public T Usual { get; } = usual;

    /// <summary>Words for a default that depends on something else.</summary>
    public string? UsualWords { get; init; }

    public override string? Default => UsualWords ?? (Usual is null ? null : Shape.Show(Usual));

    internal bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value) => Shape.TryRead(node, scope, out value);

    internal override void Check(FileNode node, Scope scope) => TryRead(node, scope, out _);
}

/// <summary>A key whose absence means "not said", and not some value.</summary>
public sealed class OptionalKey<T>(string name, Shape<T> shape, string meaning) : Key(name, meaning)
{
    public override Shape<T> Shape { get; } = shape;

    /// <summary>Words for what holds when it is left out.</summary>
    public string? Otherwise { get; init; }

    public override string? Default => Otherwise;

    internal bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value) => Shape.TryRead(node, scope, out value);

    internal override void Check(FileNode node, Scope scope) => TryRead(node, scope, out _);
}
