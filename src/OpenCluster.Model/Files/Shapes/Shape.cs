using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using OpenCluster.Model.Files.Yaml;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>What a value of a cluster file may look like. The same description reads it, and describes it to editors and people.</summary>
public abstract class Shape
{
    /// <summary>For a person, range included: "a duration, 200ms to 30s".</summary>
    public abstract string Words { get; }

    /// <summary>As JSON Schema, draft 2020-12.</summary>
    public abstract JsonObject Describe();

    /// <summary>Every object this shape is or holds, outermost first, each once.</summary>
    public IReadOnlyList<IObjectShape> Objects()
    {
        var found = new List<IObjectShape>();
        Collect(found);
        return found;
    }

    /// <summary>Adds the objects that are not there yet.</summary>
    internal virtual void Collect(List<IObjectShape> found) { }
}

/// <summary>A shape whose values become <typeparamref name="T"/>.</summary>
public abstract class Shape<T> : Shape
{
    /// <summary>Reads a value; false when it cannot be one, the error reported.</summary>
    internal abstract bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value);

    /// <summary>The value as one writes it; null when it has no short text.</summary>
    public virtual string? Show(T value) => null;
}

/// <summary>A shape that is written as one scalar.</summary>
public abstract class ScalarShape<T> : Shape<T>
{
    /// <summary>Written text to value; null with what is wrong and what to write instead.</summary>
    protected abstract Wrong? Parse(string text, out T value);

    /// <summary>False for texts that may hold a credential: errors do not repeat them.</summary>
    protected virtual bool MayBeShown => true;

    internal override bool TryRead(FileNode node, Scope scope, [MaybeNullWhen(false)] out T value)
    {
        value = default!;
        if (node is not ScalarNode scalar)
        {
            scope.Error(node.At, $"this is {node.Words}, and should be {Words}", "");
            return false;
        }
        if (scope.Values.Fill(scalar.Text, node.At, scope) is not { } text)
            return false;
        if (Parse(text, out value) is not { } wrong)
            return true;

        scope.Error(node.At, MayBeShown ? $"\"{Shorten(text)}\" {wrong.What}" : $"this {wrong.What}", wrong.Instead);
        return false;
    }

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= 80 ? line : line[..80] + "…";
    }
}

/// <summary>Why a text is not a value: a predicate to put behind the text, and what to write instead.</summary>
public sealed record Wrong(string What, string Instead);
