using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;

namespace OpenCluster.Model.Files.Shapes;

/// <summary>A span of time with its unit, <c>500ms 5s 2m 1h 3d</c>, or several together: <c>1h30m</c>.</summary>
public sealed class DurationShape(TimeSpan least, TimeSpan most) : ScalarShape<TimeSpan>
{
    public override string Words => $"a duration, {Durations.Show(least)} to {Durations.Show(most)}";

    protected override Wrong? Parse(string text, out TimeSpan value)
    {
        if (!Durations.TryParse(text, out value))
        {
            return new Wrong("is not a duration", double.TryParse(text, CultureInfo.InvariantCulture, out _)
                ? $"Add a unit: {text}ms, {text}s, {text}m, {text}h or {text}d"
                : "Such as 500ms, 5s, 2m, 1h or 3d");
        }
        return value >= least && value <= most ? null : new Wrong("is out of range", $"Write {Durations.Show(least)} to {Durations.Show(most)}");
    }

    public override string Show(TimeSpan value) => Durations.Show(value);

    public override JsonObject Describe() => Schemas.Text(@"^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+)$");
}

/// <summary>Durations as people write them.</summary>
public static class Durations
{
    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond),
    ];

    /// <summary>The largest span that can be written: 10,000 days.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(10_000);

    public static bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text == "0")
            return true;
        if (text.Length is 0 or > 40)
            return false;

        decimal ticks = 0;
        for (var i = 0; i < text.Length;)
        {
            var number = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
                i++;
            var unit = i;
            while (i < text.Length && char.IsAsciiLetter(text[i]))
                i++;
            if (!decimal.TryParse(text.AsSpan(number, unit - number), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
                return false;
            var known = Array.Find(Units, u => u.Unit == text[unit..i]);
            if (known.Unit is null || amount > 1_000_000_000)
                return false;
            ticks += amount * known.Ticks;
        }
        if (ticks > Longest.Ticks)
            return false;
        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The shortest exact text down to the millisecond: <c>1h30m</c>, <c>500ms</c>, <c>0s</c>.</summary>
    public static string Show(TimeSpan value)
    {
        if (value < TimeSpan.FromMilliseconds(1))
            return "0s";
        var text = "";
        var rest = value.Ticks;
        foreach (var (unit, ticks) in Units)
        {
            if (rest / ticks > 0)
                text += (rest / ticks).ToString(CultureInfo.InvariantCulture) + unit;
            rest %= ticks;
        }
        return text;
    }
}

/// <summary>A number of bytes with its unit: <c>512MiB 1GB 100KB 80B</c>.</summary>
public sealed class SizeShape(long least, long most) : ScalarShape<long>
{
    public override string Words => $"a size, {Sizes.Show(least)} to {Sizes.Show(most)}";

    protected override Wrong? Parse(string text, out long value)
    {
        if (!Sizes.TryParse(text, out value))
            return new Wrong("is not a size", text.Length > 0 && "kKmMgGtT".Contains(text[^1]) ? $"Say which: {text}iB (of 1,024) or {text}B (of 1,000)" : "Such as 512MiB or 1GB");
        return value >= least && value <= most ? null : new Wrong("is out of range", $"Write {Sizes.Show(least)} to {Sizes.Show(most)}");
    }

    public override string Show(long value) => Sizes.Show(value);

    public override JsonObject Describe() => Schemas.Text(@"^[0-9]+(\.[0-9]+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$");
}

/// <summary>Sizes as people write them: KiB, MiB… of 1,024 and KB, MB… of 1,000.</summary>
public static class Sizes
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("TiB", 1L << 40), ("TB", 1_000_000_000_000), ("GiB", 1L << 30), ("GB", 1_000_000_000),
        ("MiB", 1L << 20), ("MB", 1_000_000), ("KiB", 1L << 10), ("KB", 1_000), ("B", 1),
    ];

    private static readonly SearchValues<char> Number = SearchValues.Create("0123456789.");

    public static bool TryParse(string text, out long value)
    {
        value = 0;
        var unit = text.AsSpan().IndexOfAnyExcept(Number);
        if (unit <= 0 || text.Length > 30 || !decimal.TryParse(text.AsSpan(0, unit), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            return false;
        var known = Array.Find(Units, u => u.Unit == text[unit..]);
        if (known.Unit is null || amount > long.MaxValue / 2 / (decimal)known.Bytes)
            return false;
        value = (long)(amount * known.Bytes);
        return true;
    }

    /// <summary>The largest unit that says it exactly: 1073741824 is <c>1GiB</c>, 1500 is <c>1500B</c>, 0 is <c>0B</c>.</summary>
    public static string Show(long bytes)
    {
        foreach (var (unit, size) in Units)
        {
            if (bytes >= size && bytes % size == 0)
                return (bytes / size).ToString(CultureInfo.InvariantCulture) + unit;
        }
        return "0B";
    }
}
