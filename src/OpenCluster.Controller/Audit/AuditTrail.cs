using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Audit;
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
/// that neither can be without the other, each with the hash of the one before (<see cref="AuditChain"/>). The last <see cref="Kept"/> stay.
/// </summary>
internal sealed class AuditTrail
{
    public const string KeyPrefix = OwnKeys.Prefix + "audit/";
    public const int Kept = 1000;

    /// <summary>Of the text before and after, each; the history has the files whole.</summary>
    private const int MaxText = 16 << 10;

    /// <summary>The newest entry that is stored, and the newest that is about to be.</summary>
    private Head _stored;
    private Head _written;

    private AuditTrail(Head head) => (_stored, _written) = (head, head);

    private readonly record struct Head(long Number, string? Hash);

    public static AuditTrail From(IEnumerable<Document> documents) => new(documents.Select(d => HeadOf(d.Value.Span)).DefaultIfEmpty().MaxBy(h => h.Number));

    /// <summary>The writes that add the entry and drop the oldest.</summary>
    public ImmutableArray<DocumentWrite> Add(AuditEntry entry, DateTimeOffset now)
    {
        var number = _written.Number + 1;
        var view = new AuditView(number, now, entry.Caller.Name, entry.Caller.From, entry.What, Cut(entry.Why) ?? "", Cut(entry.Before), Cut(entry.After), _written.Hash);
        view = view with { Hash = AuditChain.HashOf(view) };
        _written = new Head(number, view.Hash);
        var added = new DocumentWrite(KeyOf(number), JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Default.AuditView));
        return number > Kept ? [added, new DocumentWrite(KeyOf(number - Kept), null)] : [added];
    }

    /// <summary>Takes in what was committed.</summary>
    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed)
    {
        foreach (var (key, json) in committed)
        {
            if (json is not { } bytes || !key.StartsWith(KeyPrefix, StringComparison.Ordinal)) continue;
            var head = HeadOf(bytes.Span);
            if (head.Number > _stored.Number) _stored = head;
        }
    }

    /// <summary>What was not stored has not happened: the next entry follows the last stored one.</summary>
    public void GoBack() => _written = _stored;

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

    private static Head HeadOf(ReadOnlySpan<byte> json)
    {
        var view = JsonSerializer.Deserialize(json, ApiJson.Default.AuditView)!;
        return new Head(view.Number, view.Hash);
    }

    private static string? Cut(string? text) => text is { Length: > MaxText } ? text[..MaxText] + "…" : text;

    // Zeros in front, so that the store's order is the order of time.
    private static string KeyOf(long number) => $"{KeyPrefix}{number:d12}";
}
