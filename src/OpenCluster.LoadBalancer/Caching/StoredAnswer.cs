using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>An answer that is kept. Immutable: a new one takes its place when it is validated.</summary>
internal sealed class StoredAnswer
{
    /// <summary>What an entry costs beside its bytes, roughly.</summary>
    private const int Overhead = 512;

    // Not part of what is kept: this hop's own, and what is written anew each time.
    private const ulong NotKept = FieldIds.HopByHop | 1UL << (int)FieldId.ContentLength | 1UL << (int)FieldId.TransferEncoding | 1UL << (int)FieldId.Trailer;

    private StoredAnswer(string key, Variant variant, Lifetime life, long storedMs, int status, byte[] head, byte[] body)
    {
        Key = key;
        Variant = variant;
        Life = life;
        StoredMs = storedMs;
        Status = status;
        Head = head;
        Body = body;
        var parsed = Parse(head);
        EntityTag = parsed.Fields.Value(head, "etag"u8).ToArray();
        LastModified = parsed.Fields.Value(head, "last-modified"u8).ToArray();
        Modified = Conditions.TryDate(LastModified, out var date) ? date : null;
        Tags = TagsOf(parsed, head);
    }

    public string Key { get; }
    public Variant Variant { get; }
    public Lifetime Life { get; }
    public long StoredMs { get; }
    public int Status { get; }
    /// <summary>Status line and header lines, each with its CRLF; without the empty line, Content-Length and Age.</summary>
    public byte[] Head { get; }
    public byte[] Body { get; }
    /// <summary>Empty when it has none; with its quotes.</summary>
    public byte[] EntityTag { get; }
    public byte[] LastModified { get; }
    public DateTimeOffset? Modified { get; }
    /// <summary>What <c>Cache-Tag</c> calls it, for purging.</summary>
    public string[] Tags { get; }
    public long Size => Head.Length + Body.Length + Key.Length * 2 + Overhead;

    /// <summary>Its place in the order of use, the store's own.</summary>
    public LinkedListNode<StoredAnswer>? Place { get; set; }

    /// <summary>Milliseconds, RFC 9111 §4.2.3.</summary>
    public long AgeAt(long nowMs) => Life.Age + nowMs - StoredMs;

    public bool CanBeAsked => EntityTag.Length > 0 || LastModified.Length > 0;

    public static StoredAnswer Of(string key, Variant variant, Lifetime life, long nowMs, ResponseHead head, ReadOnlySpan<byte> bytes, DateField received, byte[] body)
    {
        var to = new List<byte>();
        to.AddRange("HTTP/1.1"u8);
        to.AddRange(bytes[8..head.LineLength]);
        Copy(to, head.Fields, bytes, _ => true);
        if (!head.Fields.Has(FieldId.Date)) to.AddRange(received.Line);
        return new StoredAnswer(key, variant, life, nowMs, head.Status, [.. to], body);
    }

    /// <summary>The same with its body, once that has come.</summary>
    public StoredAnswer With(byte[] body) => new(Key, Variant, Life, StoredMs, Status, Head, body);

    /// <summary>The same answer, after its target has said with a 304 that it still holds: the header fields of that replace its own (RFC 9111 §3.2).</summary>
    public StoredAnswer Validated(ResponseHead fresh, ReadOnlySpan<byte> bytes, Lifetime life, long nowMs)
    {
        var own = Parse(Head);
        var newer = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (ref readonly var line in fresh.Fields.Lines) newer.Add(Encoding.Latin1.GetString(bytes.Slice(line.NameStart, line.NameLength)));
        // These describe the body, and the 304 has none.
        newer.RemoveWhere(name => name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase));
        var to = new List<byte>();
        to.AddRange(Head.AsSpan(0, own.LineLength));
        Copy(to, own.Fields, Head, name => !newer.Contains(name));
        Copy(to, fresh.Fields, bytes, newer.Contains);
        return new StoredAnswer(Key, Variant, life, nowMs, Status, [.. to], Body);
    }

    private static void Copy(List<byte> to, Fields fields, ReadOnlySpan<byte> bytes, Func<string, bool> keeps)
    {
        foreach (ref readonly var line in fields.Lines)
        {
            var name = bytes.Slice(line.NameStart, line.NameLength);
            if (line.Dropped || (NotKept & FieldIds.Bit(line.Id) & ~1UL) != 0 || Ascii.EqualsIgnoreCase(name, "age"u8)) continue;
            if (keeps(Encoding.Latin1.GetString(name))) to.AddRange(bytes[line.NameStart..line.End]);
        }
    }

    private static ResponseHead Parse(byte[] head)
    {
        var parsed = new ResponseHead();
        return parsed.Parse([.. head, (byte)'\r', (byte)'\n'], toHead: true) == HeadStatus.Complete
            ? parsed
            : throw new InvalidOperationException("A head that was read once could not be read again: " + HeadErrors.Text(parsed.Error));
    }

    private static string[] TagsOf(ResponseHead head, byte[] bytes)
    {
        var list = head.Fields.Value(bytes, "cache-tag"u8);
        return list.IsEmpty ? [] : Encoding.Latin1.GetString(list).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }
}
