using System.Globalization;
using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>Conditional requests, answered from what is known of the answer (RFC 9110 §13).</summary>
internal static class Conditions
{
    /// <summary>Whether 304 is the answer: If-None-Match decides when present, else If-Modified-Since (§13.2.2).</summary>
    /// <param name="entityTag">With its quotes; empty for none.</param>
    public static bool IsUnchanged(ReadOnlySpan<byte> entityTag, DateTimeOffset? modified, Fields request, ReadOnlySpan<byte> bytes)
    {
        if (request.Has(FieldId.IfNoneMatch)) return Lists(request.Value(bytes, FieldId.IfNoneMatch), entityTag);
        return modified is { } last && request.Has(FieldId.IfModifiedSince) && TryDate(request.Value(bytes, FieldId.IfModifiedSince), out var since) && last <= since;
    }

    /// <summary>Whether a Range still refers to this: no If-Range, or one that is the same (§13.1.5). A weak tag never is.</summary>
    public static bool IfRangeHolds(ReadOnlySpan<byte> entityTag, DateTimeOffset? modified, ReadOnlySpan<byte> condition)
    {
        if (condition.IsEmpty) return true;
        return condition[0] == '"' ? condition.SequenceEqual(entityTag) : TryDate(condition, out var since) && since == modified;
    }

    public static bool TryDate(ReadOnlySpan<byte> text, out DateTimeOffset date) =>
        DateTimeOffset.TryParseExact(Encoding.Latin1.GetString(text), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    /// <summary>Weakly compared, as §13.1.2 wants.</summary>
    private static bool Lists(ReadOnlySpan<byte> list, ReadOnlySpan<byte> tag)
    {
        if (list.SequenceEqual("*"u8)) return true;
        if (tag.StartsWith("W/"u8)) tag = tag[2..];
        while (!list.IsEmpty && !tag.IsEmpty)
        {
            var comma = list.IndexOf((byte)',');
            var item = Grammar.Trim(comma < 0 ? list : list[..comma]);
            list = comma < 0 ? default : list[(comma + 1)..];
            if (item.StartsWith("W/"u8)) item = item[2..];
            if (item.SequenceEqual(tag)) return true;
        }
        return false;
    }
}
