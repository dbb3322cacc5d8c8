using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace OpenCluster.Model.Files;

/// <summary>
/// What <c>${name}</c> means. Names are lower-case (<c>${domain}</c>, built in: <c>${cluster.name}</c>, <c>${zone.name}</c>,
/// <c>${service.name}</c>), so that a command keeps the shell's <c>${PORT}</c> and <c>${x:-y}</c>; <c>$${name}</c> stands for itself.
/// </summary>
public sealed partial class Values
{
    private readonly ImmutableDictionary<string, Written> _values;

    /// <summary>What names came to, null for those that cannot be filled in: without it ten levels of ten names each would be 10^10 steps.</summary>
    private readonly Dictionary<string, string?> _meanings = new(StringComparer.Ordinal);

    private Values(ImmutableDictionary<string, Written> values) => _values = values;

    public static Values None { get; } = new(ImmutableDictionary<string, Written>.Empty);

    /// <summary>A text that may hold further names, and its place.</summary>
    internal sealed record Written(string Text, Position At);

    internal IEnumerable<string> Names => _values.Keys;

    internal Values With(string name, string text, Position at) => new(_values.SetItem(name, new Written(text, at)));

    internal Values With(IEnumerable<KeyValuePair<string, Written>> values) => new(_values.SetItems(values));

    /// <summary>The text with every name filled in; null when that cannot be, the error reported.</summary>
    internal string? Fill(string text, Position at, Scope scope) => Fill(text, at, scope, []);

    /// <summary>Reports names that go in circles even where nobody uses them.</summary>
    internal ImmutableSortedDictionary<string, string> FillAll(IEnumerable<string> names, Scope scope)
    {
        var filled = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (Fill(_values[name].Text, _values[name].At, scope.Below(name), [name]) is { } text)
                filled[name] = text;
        }
        return filled.ToImmutable();
    }

    private string? Fill(string text, Position at, Scope scope, ImmutableList<string> within)
    {
        if (!text.Contains("${", StringComparison.Ordinal))
            return text;

        var filled = new StringBuilder();
        var end = 0;
        foreach (Match match in Reference().Matches(text))
        {
            filled.Append(text, end, match.Index - end);
            end = match.Index + match.Length;
            if (match.Value.StartsWith("$$", StringComparison.Ordinal))
                filled.Append(match.Value, 1, match.Length - 1);
            else if (Meaning(match.Groups["name"].Value, at, scope, within) is { } meaning)
                filled.Append(meaning);
            else
                return null;

            if (filled.Length > FileLimits.TextLength)
            {
                scope.Error(at, $"the text grows past {FileLimits.TextLength:N0} characters once its names are filled in", "");
                return null;
            }
        }
        if (scope.Reading.MayFill(filled.Length))
            return filled.Append(text, end, text.Length - end).ToString();
        scope.Error(Position.None, $"the file grows by more than {FileLimits.FilledLength:N0} characters once its names are filled in", "");
        return null;
    }

    private string? Meaning(string name, Position at, Scope scope, ImmutableList<string> within)
    {
        if (within.Contains(name))
        {
            Circle([.. within.SkipWhile(n => n != name)], scope);
            return null;
        }
        if (!_values.TryGetValue(name, out var written))
        {
            scope.Error(at, $"there is no value ${{{name}}}", Instead(name));
            return null;
        }
        if (!_meanings.TryGetValue(name, out var meaning))
            _meanings[name] = meaning = Fill(written.Text, written.At, scope, within.Add(name));
        return meaning;
    }

    /// <summary>Whoever comes upon a circle reports it alike, from its first name by the alphabet, so that it is told once.</summary>
    private void Circle(List<string> circle, Scope scope)
    {
        var first = circle.IndexOf(circle.Order(StringComparer.Ordinal).First());
        List<string> round = [.. circle[first..], .. circle[..first], circle[first]];
        scope.Error(_values[round[0]].At, $"values go in a circle: {string.Join(" → ", round)}", "Give one of them a text of its own");
    }

    private string Instead(string name) => DidYouMean.Nearest(name, _values.Keys) is { } nearest
        ? $"Did you mean ${{{nearest}}}?"
        : $"Add it under \"values\", or write $${{{name}}} if the shell should see it";

    [GeneratedRegex(@"\$?\$\{(?<name>[a-z][a-z0-9.-]*)\}", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();
}
