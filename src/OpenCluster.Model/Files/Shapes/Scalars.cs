using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>A text that follows a rule.</summary>
/// <param name="words">With its article: "an IP address".</param>
/// <param name="rule">What is wrong with a text, or null.</param>
public sealed class TextShape(string words, Func<string, Wrong?> rule) : ScalarShape<string>
{
    /// <summary>False for texts that may hold a credential.</summary>
    public bool Shown { get; init; } = true;

    public override string Words => words;

    protected override bool MayBeShown => Shown;

    protected override Wrong? Parse(string text, out string value)
    {
        value = text;
        return rule(text);
    }

    public override string Show(string value) => value switch { "" => "none", "." or "*" or "/" => $"\"{value}\"", _ => value };

    // Editors show 8080 and true as what they are; here they are texts as well.
    public override JsonObject Describe() => new() { ["type"] = new JsonArray("string", "number", "boolean") };
}

/// <summary>A whole number within a range.</summary>
/// <param name="what">What is counted, with its article where it stands alone: "a whole number".</param>
public sealed class WholeShape(int least, int most, string what = "a whole number") : ScalarShape<int>
{
    public override string Words => $"{what}, {least:N0} to {most:N0}";

    protected override Wrong? Parse(string text, out int value)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            value = 0;
            return new Wrong("is not a whole number", $"Write {least:N0} to {most:N0}");
        }
        value = (int)Math.Clamp(number, int.MinValue, int.MaxValue);
        return number >= least && number <= most ? null : new Wrong("is out of range", $"Write {least:N0} to {most:N0}");
    }

    public override string Show(int value) => value.ToString(CultureInfo.InvariantCulture);

    public override JsonObject Describe() => Schemas.NumberOrValue("integer", least, most);
}

/// <summary>A number within a range.</summary>
/// <param name="what">With its article and unit: "a number of cores".</param>
public sealed class NumberShape(double least, double most, string what) : ScalarShape<double>
{
    public override string Words => $"{what}, {least:0.###} to {most:#,0.###}";

    protected override Wrong? Parse(string text, out double value)
    {
        if (!double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value))
            return new Wrong("is not a number", $"Write {least:0.###} to {most:#,0.###}");
        return value >= least && value <= most ? null : new Wrong("is out of range", $"Write {least:0.###} to {most:#,0.###}");
    }

    public override string Show(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    public override JsonObject Describe() => Schemas.NumberOrValue("number", least, most);
}

/// <summary>A share of a whole, written as percent and held as 0 to <paramref name="whole"/>.</summary>
/// <param name="whole">1 for a share, 100 for a percentage.</param>
public sealed class PercentShape(double whole) : ScalarShape<double>
{
    public override string Words => "a percentage, 0% to 100%";

    protected override Wrong? Parse(string text, out double value)
    {
        var percent = text.EndsWith('%');
        if (!percent || !double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value))
        {
            value = 0;
            return new Wrong("is not a percentage", "Such as 20% or 99.9%");
        }
        var ok = value is >= 0 and <= 100;
        value = Math.Round(value / 100 * whole, 10);
        return ok ? null : new Wrong("is out of range", "Write 0% to 100%");
    }

    public override string Show(double value) => (value / whole * 100).ToString("0.####", CultureInfo.InvariantCulture) + "%";

    public override JsonObject Describe() => Schemas.Text(@"^[0-9]+(\.[0-9]+)?%$");
}

/// <summary>Yes or no.</summary>
public sealed class FlagShape : ScalarShape<bool>
{
    public override string Words => "true or false";

    protected override Wrong? Parse(string text, out bool value)
    {
        value = text == "true";
        return text is "true" or "false" ? null : new Wrong("is neither true nor false", "Write true or false");
    }

    public override string Show(bool value) => value ? "true" : "false";

    public override JsonObject Describe() => new() { ["type"] = new JsonArray("boolean", "string"), ["pattern"] = @"\$\{" };
}

/// <summary>One of a few words.</summary>
public sealed class ChoiceShape<T>(params ImmutableArray<(string Word, T Value)> choices) : ScalarShape<T>
{
    public override string Words => "one of " + string.Join(", ", choices.Select(c => c.Word));

    protected override Wrong? Parse(string text, out T value)
    {
        foreach (var choice in choices)
        {
            if (choice.Word == text)
            {
                value = choice.Value;
                return null;
            }
        }
        value = choices[0].Value;
        return new Wrong("is none of the choices", DidYouMean.Hint(text, choices.Select(c => c.Word)));
    }

    public override string? Show(T value) => choices.FirstOrDefault(c => EqualityComparer<T>.Default.Equals(c.Value, value)).Word;

    // A word of digits is a number to whoever reads YAML by its types, as editors do.
    public override JsonObject Describe() => new() { ["enum"] = new JsonArray([.. choices.Select(c => int.TryParse(c.Word, CultureInfo.InvariantCulture, out var number) ? (JsonNode?)number : c.Word)]) };
}

/// <summary>Pieces of JSON Schema that several shapes write.</summary>
internal static class Schemas
{
    /// <summary>A text with a pattern; one with <c>${name}</c> in it is known only once that is filled in.</summary>
    public static JsonObject Text(string pattern) => new() { ["type"] = "string", ["pattern"] = $@"{pattern}|\$\{{" };

    public static JsonObject NumberOrValue(string type, double least, double most) =>
        new() { ["type"] = new JsonArray(type, "string"), ["minimum"] = least, ["maximum"] = most, ["pattern"] = @"^[0-9.]+$|\$\{" };
}
