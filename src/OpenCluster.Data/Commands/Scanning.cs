using System.Globalization;
using System.Text;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>Going through all keys: KEYS at once, SCAN bit by bit.</summary>
internal static class Scanning
{
    public static IEnumerable<Command> Commands =>
    [
        new("keys", 2, CommandFlags.ReadOnly, KeyRange.None, AllKeys),
        new("scan", -2, CommandFlags.ReadOnly, KeyRange.None, Scan),
    ];

    /// <summary>The words after a cursor.</summary>
    internal readonly record struct Options(byte[]? Pattern, long Count, ValueKind? Kind, bool IsUnknownKind)
    {
        public bool Takes(ReadOnlySpan<byte> name) => Pattern is null || Glob.Matches(Pattern, name);
    }

    /// <summary>A cursor is a number; as for Redis nothing stands for 0, and a minus sign counts from the other end. False: answered.</summary>
    public static bool TryCursor(Call call, int index, out ulong cursor)
    {
        var text = call[index];
        var isNegative = text.StartsWith("-"u8);
        if (isNegative || text.StartsWith("+"u8)) text = text[1..];
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out cursor) || call[index].IsEmpty)
        {
            if (isNegative) cursor = 0 - cursor;
            return true;
        }
        call.Reply.Error("ERR invalid cursor"u8);
        return false;
    }

    public static bool TryOptions(Call call, int first, bool withType, out Options options)
    {
        options = new Options(null, 10, null, false);
        for (var i = first; i < call.Count; i++)
        {
            if (i + 1 >= call.Count) return Wrong(call);
            if (call.Is(i, "match"u8)) options = options with { Pattern = call[++i].ToArray() };
            else if (call.Is(i, "count"u8))
            {
                if (!call.TryInteger(++i, out var count)) return false;
                if (count < 1) return Wrong(call);
                options = options with { Count = count };
            }
            else if (withType && call.Is(i, "type"u8))
            {
                var kind = KindOf(call[++i]);
                options = options with { Kind = kind, IsUnknownKind = kind is null };
            }
            else
            {
                return Wrong(call);
            }
        }
        return true;
    }

    /// <summary>Answers a cursor and announces the items of this step.</summary>
    public static void Begin(Call call, ulong cursor, int items)
    {
        call.Reply.Array(2);
        call.Reply.Bulk(cursor.ToString(CultureInfo.InvariantCulture));
        call.Reply.Array(items);
    }

    private static unsafe void AllKeys(Call call)
    {
        var pattern = call[1].ToArray();
        var found = new List<byte[]>();
        foreach (var entry in new EntryWalk(call.Keys.Index))
        {
            if ((entry.Expires && entry.ExpiresAt <= call.Now) || !Glob.Matches(pattern, entry.Key)) continue;
            found.Add(entry.Key.ToArray());
        }
        call.Reply.Array(found.Count);
        foreach (var key in found) call.Reply.Bulk(key);
    }

    private static unsafe void Scan(Call call)
    {
        if (!TryCursor(call, 1, out var cursor) || !TryOptions(call, 2, withType: true, out var options)) return;
        var found = new List<byte[]>();
        var lines = new LineList();
        // Most buckets may be empty, or hold nothing that is asked for: a bound on the steps keeps one call short.
        var steps = options.Count * 10;
        long seen = 0;
        do
        {
            lines.Clear();
            cursor = call.Keys.Index.Scan(cursor, ref lines);
            for (var i = 0; i < lines.Count; i++)
            {
                for (var slot = 0; slot < EntryIndex.SlotsPerBucket; slot++)
                {
                    if (lines[i][slot] == 0) continue;
                    var entry = EntryIndex.EntryAt(lines[i] + slot);
                    seen++;
                    if (entry.Expires && entry.ExpiresAt <= call.Now) continue;
                    if (options.IsUnknownKind || (options.Kind is { } kind && entry.Kind != kind) || !options.Takes(entry.Key)) continue;
                    found.Add(entry.Key.ToArray());
                }
            }
        }
        while (cursor != 0 && seen < options.Count && --steps > 0);
        Begin(call, cursor, found.Count);
        foreach (var key in found) call.Reply.Bulk(key);
    }

    private static ValueKind? KindOf(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name).ToUpperInvariant() switch
    {
        "STRING" => ValueKind.String,
        "LIST" => ValueKind.List,
        "SET" => ValueKind.Set,
        "ZSET" => ValueKind.SortedSet,
        "HASH" => ValueKind.Hash,
        _ => null,
    };

    private static bool Wrong(Call call)
    {
        call.Reply.Error(Errors.Syntax);
        return false;
    }
}
