using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// The directives of Cache-Control that a shared cache acts on (RFC 9111 §5.2, RFC 5861). Where a message contradicts itself, or a number is
/// none, the more careful reading holds.
/// </summary>
internal struct CacheControl
{
    /// <summary>Longer than any answer is kept.</summary>
    private const long MostSeconds = int.MaxValue;

    public bool NoStore, NoCache, Private, MustRevalidate, OnlyIfCached;

    /// <summary>Seconds; -1 when it is not said.</summary>
    public long MaxAge, SharedMaxAge, StaleWhileRevalidate, StaleIfError;

    public static CacheControl Of(Fields fields, ReadOnlySpan<byte> bytes)
    {
        var control = new CacheControl { MaxAge = -1, SharedMaxAge = -1, StaleWhileRevalidate = -1, StaleIfError = -1 };
        foreach (ref readonly var line in fields.Lines)
        {
            var name = bytes.Slice(line.NameStart, line.NameLength);
            var value = bytes.Slice(line.ValueStart, line.ValueLength);
            if (Ascii.EqualsIgnoreCase(name, "cache-control"u8)) control.Read(value);
            // RFC 9111 §5.4: what HTTP/1.0 clients say instead.
            else if (Ascii.EqualsIgnoreCase(name, "pragma"u8) && Ascii.EqualsIgnoreCase(value, "no-cache"u8)) control.NoCache = true;
        }
        return control;
    }

    private void Read(ReadOnlySpan<byte> list)
    {
        while (!list.IsEmpty)
        {
            var end = EndOfDirective(list);
            var directive = Grammar.Trim(list[..end]);
            list = end < list.Length ? list[(end + 1)..] : default;
            var equals = directive.IndexOf((byte)'=');
            var argument = equals < 0 ? default : Grammar.Trim(directive[(equals + 1)..]).Trim((byte)'"');
            Apply(equals < 0 ? directive : Grammar.Trim(directive[..equals]), argument);
        }
    }

    private void Apply(ReadOnlySpan<byte> name, ReadOnlySpan<byte> argument)
    {
        // private="…" and no-cache="…" name fields; leaving out the whole answer is allowed and simpler.
        if (Ascii.EqualsIgnoreCase(name, "no-store"u8)) NoStore = true;
        else if (Ascii.EqualsIgnoreCase(name, "no-cache"u8)) NoCache = true;
        else if (Ascii.EqualsIgnoreCase(name, "private"u8)) Private = true;
        else if (Ascii.EqualsIgnoreCase(name, "must-revalidate"u8) || Ascii.EqualsIgnoreCase(name, "proxy-revalidate"u8)) MustRevalidate = true;
        else if (Ascii.EqualsIgnoreCase(name, "only-if-cached"u8)) OnlyIfCached = true;
        else if (Ascii.EqualsIgnoreCase(name, "max-age"u8)) MaxAge = Seconds(MaxAge, argument);
        else if (Ascii.EqualsIgnoreCase(name, "s-maxage"u8)) SharedMaxAge = Seconds(SharedMaxAge, argument);
        else if (Ascii.EqualsIgnoreCase(name, "stale-while-revalidate"u8)) StaleWhileRevalidate = Seconds(StaleWhileRevalidate, argument);
        else if (Ascii.EqualsIgnoreCase(name, "stale-if-error"u8)) StaleIfError = Seconds(StaleIfError, argument);
    }

    private static long Seconds(long before, ReadOnlySpan<byte> argument)
    {
        var seconds = Grammar.TryLength(argument, out var number) ? Math.Min(number, MostSeconds) : 0;
        return before < 0 ? seconds : Math.Min(before, seconds);
    }

    /// <summary>The next comma that is not within quotes.</summary>
    private static int EndOfDirective(ReadOnlySpan<byte> list)
    {
        var quoted = false;
        for (var i = 0; i < list.Length; i++)
        {
            if (list[i] == '"') quoted = !quoted;
            else if (list[i] == ',' && !quoted) return i;
        }
        return list.Length;
    }
}
