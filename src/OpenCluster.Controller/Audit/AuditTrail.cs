using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Conducting;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Store;

namespace OpenCluster.Controller.Audit;

/// <summary>What somebody did, before the trail gives it a number and a time.</summary>
internal sealed record AuditEntry(Caller Caller, string What, string Why, string? Before = null, string? After = null);

/// <summary>
/// Who changed what, from where and why: documents <c>controller/audit/N</c>, written in the transaction of the change itself, so
/// that neither can be without the other. The last <see cref="Kept"/> stay.
/// </summary>
internal sealed class AuditTrail
{
    public const string KeyPrefix = OwnKeys.Prefix + "audit/";
    public const int Kept = 1000;

    /// <summary>Of the text before and after, each; the history has the files whole.</summary>
    private const int MaxText = 16 << 10;

    private long _last;

    private AuditTrail(long last) => _last = last;

    public static AuditTrail From(IEnumerable<Document> documents) =>
        new(documents.Select(d => long.Parse(d.Key.AsSpan(KeyPrefix.Length), CultureInfo.InvariantCulture)).DefaultIfEmpty().Max());

    /// <summary>The writes that add the entry and drop the oldest.</summary>
    public ImmutableArray<DocumentWrite> Add(AuditEntry entry, DateTimeOffset now)
    {
        var number = ++_last;
        var view = new AuditView(number, now, entry.Caller.Name, entry.Caller.From, entry.What, Cut(entry.Why) ?? "", Cut(entry.Before), Cut(entry.After));
        var added = new DocumentWrite(KeyOf(number), JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Default.AuditView));
        return number > Kept ? [added, new DocumentWrite(KeyOf(number - Kept), null)] : [added];
    }

    public static async Task<ImmutableArray<AuditView>> ReadAsync(IStore store, CancellationToken ct)
    {
        var read = await store.ReadAsync(KeyPrefix, ct);
        return [.. read.Documents.Reverse().Select(d => JsonSerializer.Deserialize(d.Value.Span, ApiJson.Default.AuditView)!)];
    }

    /// <summary>Object documents that an event rewrites, as they were and as they are, for the entry.</summary>
    public static (string? Before, string? After) Difference(IEnumerable<(string Key, ReadOnlyMemory<byte>? Before, ReadOnlyMemory<byte>? After)> changed)
    {
        StringBuilder before = new(), after = new();
        foreach (var (key, old, fresh) in changed)
        {
            if (old is { } was) before.Append(key).Append(": ").AppendLine(Encoding.UTF8.GetString(was.Span));
            if (fresh is { } now) after.Append(key).Append(": ").AppendLine(Encoding.UTF8.GetString(now.Span));
        }

        return (before.Length == 0 ? null : before.ToString(), after.Length == 0 ? null : after.ToString());
    }

    private static string? Cut(string? text) => text is { Length: > MaxText } ? text[..MaxText] + "…" : text;

    // Zeros in front, so that the store's order is the order of time.
    private static string KeyOf(long number) => $"{KeyPrefix}{number:d12}";
}
