using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>How long an answer may be used. Milliseconds, counted from when it came.</summary>
/// <param name="Age">How old it was already.</param>
/// <param name="Fresh">Age up to which it is used without asking.</param>
/// <param name="WhileRevalidate">Beyond that, while a new one is fetched.</param>
/// <param name="IfError">Beyond that, while a new one cannot be had.</param>
internal readonly record struct Lifetime(long Age, long Fresh, long WhileRevalidate, long IfError)
{
    // RFC 9110 §15.1: what may be kept without being told so; the others need explicit freshness.
    private static bool IsPlain(int status) => status is 200 or 203 or 204 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    private static bool MayBeKept(int status) => IsPlain(status) || status is 302 or 307;

    /// <summary>
    /// Whether a shared cache may keep an answer to a GET, and for how long (RFC 9111 §3, §4.2); null when it may not. The request itself had
    /// no Authorization: such requests are not for the cache at all.
    /// </summary>
    public static Lifetime? Of(ResponseHead head, ReadOnlySpan<byte> bytes, CacheRule rule)
    {
        var control = CacheControl.Of(head.Fields, bytes);
        // Whoever sets a cookie speaks to one client, whatever else it says.
        if (control.NoStore || control.Private || !MayBeKept(head.Status) || Has(head, bytes, "set-cookie"u8)) return null;
        var said = Said(control, head, bytes);
        if (said is null && (rule.FreshFor <= TimeSpan.Zero || !IsPlain(head.Status)) && !control.NoCache) return null;
        var fresh = control.NoCache ? 0 : said ?? (long)rule.FreshFor.TotalMilliseconds;
        // RFC 9111 §5.2.2.10: s-maxage asks to be revalidated as well, unless the answer itself says otherwise; the route's rules do not.
        var never = control.MustRevalidate || control.NoCache;
        var rulesCount = control.SharedMaxAge < 0;
        var life = new Lifetime(
            AgeOf(head, bytes), fresh,
            never ? 0 : Stale(control.StaleWhileRevalidate, rulesCount ? rule.StaleWhileRevalidate : TimeSpan.Zero),
            never ? 0 : Stale(control.StaleIfError, rulesCount ? rule.StaleIfError : TimeSpan.Zero));
        var canBeAsked = Has(head, bytes, "etag"u8) || Has(head, bytes, "last-modified"u8);
        return life.Fresh > life.Age || life.WhileRevalidate > 0 || life.IfError > 0 || canBeAsked ? life : null;
    }

    /// <summary>
    /// The life of a kept answer that its target has just said still holds: as the 304 says, else as the answer itself did. Null when the 304 says
    /// that it is for one client from now on.
    /// </summary>
    public static Lifetime? OfValidated(ResponseHead head, ReadOnlySpan<byte> bytes, StoredAnswer kept)
    {
        var control = CacheControl.Of(head.Fields, bytes);
        if (control.NoStore || control.Private || Has(head, bytes, "set-cookie"u8)) return null;
        if (control.NoCache) return kept.Life with { Age = AgeOf(head, bytes), Fresh = 0, WhileRevalidate = 0, IfError = 0 };
        return kept.Life with { Age = AgeOf(head, bytes), Fresh = Said(control, head, bytes) ?? kept.Life.Fresh };
    }

    public bool IsFresh(long age) => age < Fresh;

    public bool MayServeWhileRevalidating(long age) => age < Fresh + WhileRevalidate;

    public bool MayServeIfError(long age) => age < Fresh + Math.Max(IfError, WhileRevalidate);

    /// <summary>Explicit freshness (RFC 9111 §4.2.1): s-maxage, else max-age, else Expires less Date.</summary>
    private static long? Said(in CacheControl control, ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        if (control.SharedMaxAge >= 0) return control.SharedMaxAge * 1000;
        if (control.MaxAge >= 0) return control.MaxAge * 1000;
        if (!Has(head, bytes, "expires"u8)) return null;
        // One that is no date, "0" most of all, has passed.
        if (!Conditions.TryDate(head.Fields.Value(bytes, "expires"u8), out var expires) || !Conditions.TryDate(head.Fields.Value(bytes, FieldId.Date), out var date)) return 0;
        return Math.Max(0, (long)(expires - date).TotalMilliseconds);
    }

    private static long Stale(long said, TimeSpan otherwise) => said >= 0 ? said * 1000 : (long)otherwise.TotalMilliseconds;

    private static long AgeOf(ResponseHead head, ReadOnlySpan<byte> bytes) =>
        Grammar.TryLength(head.Fields.Value(bytes, "age"u8), out var seconds) ? Math.Min(seconds, int.MaxValue) * 1000 : 0;

    private static bool Has(ResponseHead head, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var line in head.Fields.Lines)
            if (Ascii.EqualsIgnoreCase(bytes.Slice(line.NameStart, line.NameLength), name)) return true;
        return false;
    }
}
