using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>What hashes, sets and sorted sets do alike with their elements: SCAN them, choose some by chance.</summary>
internal static class Elements
{
    /// <summary>HSCAN, SSCAN, ZSCAN.</summary>
    public static void Scan(Call call, ValueKind kind)
    {
        if (!Scanning.TryCursor(call, 2, out var cursor) || !Typed.TryFind(call, call[1], kind, out var entry)) return;
        if (entry.IsNull)
        {
            Scanning.Begin(call, 0, 0);
            return;
        }
        if (!Scanning.TryOptions(call, 3, withType: false, out var options)) return;
        var found = new List<nint>();
        cursor = Collect(Map(call, entry, kind), cursor, options, found);
        Scanning.Begin(call, cursor, kind == ValueKind.Set ? found.Count : found.Count * 2);
        foreach (var block in found) Answer(call, At(block), kind, withValue: true);
    }

    /// <summary>HRANDFIELD, SRANDMEMBER, ZRANDMEMBER with a count: that many different ones, or, when it is negative, that many with repetitions.</summary>
    public static void AnswerSamples(Call call, ValueKind kind, ReadOnlySpan<byte> valuesWord)
    {
        if (!call.TryInteger(2, out var count)) return;
        var withValues = call.Count == 4 && !valuesWord.IsEmpty && call.Is(3, valuesWord);
        if (call.Count > 4 || (call.Count == 4 && !withValues))
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        if (withValues && count is < -long.MaxValue / 2 or > long.MaxValue / 2)
        {
            call.Reply.Error("ERR value is out of range"u8);
            return;
        }
        if (!Typed.TryFind(call, call[1], kind, out var entry)) return;
        if (count < -MaxSamples)
        {
            call.Reply.Error($"ERR value is out of range: at most {MaxSamples} are chosen at once");
            return;
        }
        var chosen = entry.IsNull ? [] : Choose(call, Map(call, entry, kind), count);
        var pairs = withValues && call.Reply.Protocol == 3;
        call.Reply.Array(withValues && !pairs ? chosen.Count * 2 : chosen.Count);
        foreach (var block in chosen)
        {
            if (pairs) call.Reply.Array(2);
            Answer(call, At(block), kind, withValues);
        }
    }

    /// <summary>The most that are chosen with repetitions: the answer's size is the client's wish, not the collection's.</summary>
    private const int MaxSamples = 1024 * 1024;

    /// <summary>Elements chosen by chance, as addresses valid until the collection changes.</summary>
    public static List<nint> Choose(Call call, FieldMap map, long count)
    {
        var chosen = new List<nint>();
        if (count < 0)
        {
            for (var i = 0L; i < -count; i++) chosen.Add(Address(map.Sample(call.Executor.Random)));
            return chosen;
        }
        if (count > map.Count / 3)
        {
            foreach (var element in map) chosen.Add(Address(element));
            // As many as are wanted come to the front by chance.
            for (var i = 0; i < Math.Min(count, chosen.Count); i++)
            {
                var other = call.Executor.Random.Next(i, chosen.Count);
                (chosen[i], chosen[other]) = (chosen[other], chosen[i]);
            }
            return chosen.GetRange(0, (int)Math.Min(count, chosen.Count));
        }
        var seen = new HashSet<nint>();
        while (seen.Count < count)
            if (Address(map.Sample(call.Executor.Random)) is var address && seen.Add(address))
                chosen.Add(address);
        return chosen;
    }

    public static unsafe Entry At(nint address) => new((byte*)address);

    public static unsafe nint Address(Entry element) => (nint)element.Block;

    public static FieldMap Map(Call call, Entry entry, ValueKind kind) =>
        kind == ValueKind.SortedSet ? Typed.SortedSet(call, entry).Members : Typed.Map(call, entry);

    private static void Answer(Call call, Entry element, ValueKind kind, bool withValue)
    {
        call.Reply.Bulk(element.Key);
        if (!withValue || kind == ValueKind.Set) return;
        if (kind == ValueKind.Hash) call.Reply.Bulk(element.Value);
        else SortedSets.AnswerScore(call, SortedSetValue.ScoreOf(element));
    }

    private static unsafe ulong Collect(FieldMap map, ulong cursor, Scanning.Options options, List<nint> found)
    {
        var lines = new LineList();
        long seen = 0;
        // A small collection is told whole, as Redis does with its compact ones.
        var wanted = map.IsLarge || map.Count > 512 ? options.Count : long.MaxValue;
        do
        {
            lines.Clear();
            cursor = map.Index.Scan(cursor, ref lines);
            for (var i = 0; i < lines.Count; i++)
            {
                for (var slot = 0; slot < EntryIndex.SlotsPerBucket; slot++)
                {
                    if (lines[i][slot] == 0) continue;
                    var element = EntryIndex.EntryAt(lines[i] + slot);
                    seen++;
                    if (options.Takes(element.Key)) found.Add((nint)element.Block);
                }
            }
        }
        while (cursor != 0 && seen < wanted);
        return cursor;
    }
}
