using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>Stretches of sorted sets, by rank, score or name: ZRANGE with all its names, ZCOUNT, ZREMRANGE….</summary>
internal static class SortedSetRanges
{
    private const CommandFlags Read = CommandFlags.ReadOnly;
    private const CommandFlags Write = CommandFlags.Write;

    public static IEnumerable<Command> Commands =>
    [
        new("zrange", -4, Read, KeyRange.One, call => Answer(call, null, null)),
        new("zrevrange", -4, Read, KeyRange.One, call => Answer(call, RangeKind.Rank, true)),
        new("zrangebyscore", -4, Read, KeyRange.One, call => Answer(call, RangeKind.Score, false)),
        new("zrevrangebyscore", -4, Read, KeyRange.One, call => Answer(call, RangeKind.Score, true)),
        new("zrangebylex", -4, Read, KeyRange.One, call => Answer(call, RangeKind.Name, false)),
        new("zrevrangebylex", -4, Read, KeyRange.One, call => Answer(call, RangeKind.Name, true)),
        new("zrangestore", -5, Write | CommandFlags.DenyMemory, KeyRange.Two, Store),
        new("zcount", 4, Read | CommandFlags.Fast, KeyRange.One, call => Count(call, RangeKind.Score)),
        new("zlexcount", 4, Read | CommandFlags.Fast, KeyRange.One, call => Count(call, RangeKind.Name)),
        new("zremrangebyrank", 4, Write, KeyRange.One, call => Remove(call, RangeKind.Rank, "zremrangebyrank"u8)),
        new("zremrangebyscore", 4, Write, KeyRange.One, call => Remove(call, RangeKind.Score, "zremrangebyscore"u8)),
        new("zremrangebylex", 4, Write, KeyRange.One, call => Remove(call, RangeKind.Name, "zremrangebylex"u8)),
    ];

    private static void Answer(Call call, RangeKind? kind, bool? isReverse)
    {
        if (!RangeOptions.TryParse(call, 4, kind, isReverse, withScores: true, out var options)) return;
        if (!SortedSetRange.TryParse(call, 2, options.Kind, options.IsReverse, out var range)) return;
        if (!Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Array(0);
            return;
        }
        var found = Slice(Typed.SortedSet(call, entry), range, options);
        var pairs = options.WithScores && call.Reply.Protocol == 3;
        call.Reply.Array(options.WithScores && !pairs ? found.Length * 2 : found.Length);
        foreach (var item in found)
        {
            if (pairs) call.Reply.Array(2);
            call.Reply.Bulk(item.Member.Key);
            if (options.WithScores) SortedSets.AnswerScore(call, item.Score);
        }
    }

    private static void Store(Call call)
    {
        if (!RangeOptions.TryParse(call, 5, null, null, withScores: false, out var options)) return;
        if (!SortedSetRange.TryParse(call, 3, options.Kind, options.IsReverse, out var range)) return;
        if (!Typed.TryFind(call, call[2], ValueKind.SortedSet, out var entry)) return;
        var found = entry.IsNull ? [] : Slice(Typed.SortedSet(call, entry), range, options);
        SortedSetAlgebra.Keep(call, [.. found.Select(i => (i.Member.Key.ToArray(), i.Score))], "zrangestore"u8);
    }

    private static void Count(Call call, RangeKind kind)
    {
        if (!SortedSetRange.TryParse(call, 2, kind, isReverse: false, out var range) || !Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) return;
        call.Reply.Integer(entry.IsNull ? 0 : range.In(Typed.SortedSet(call, entry), isReverse: false).Length);
    }

    private static void Remove(Call call, RangeKind kind, ReadOnlySpan<byte> what)
    {
        if (!SortedSetRange.TryParse(call, 2, kind, isReverse: false, out var range) || !Typed.TryFindForWrite(call, call[1], ValueKind.SortedSet, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Integer(0);
            return;
        }
        var set = Typed.SortedSet(call, entry);
        var (first, length) = range.In(set, isReverse: false);
        foreach (var name in set.Order.Slice(first, length).Select(i => i.Member.Key.ToArray()).ToList()) set.Remove(name);
        if (length > 0)
        {
            call.Changed(call[1], EventKind.SortedSet, what);
            Typed.Settle(call, call[1], entry);
        }
        call.Reply.Integer(length);
    }

    /// <summary>The items of a range in the order in which they are asked for; valid until the set changes.</summary>
    private static Scored[] Slice(SortedSetValue set, SortedSetRange range, RangeOptions options)
    {
        var (first, length) = range.In(set, options.IsReverse);
        if (options.Offset < 0 || options.Offset >= length) return [];
        var taken = (int)(options.Limit < 0 ? length - options.Offset : Math.Min(options.Limit, length - options.Offset));
        var from = options.IsReverse ? first + length - (int)options.Offset - taken : first + (int)options.Offset;
        var found = set.Order.Slice(from, taken);
        if (options.IsReverse) Array.Reverse(found);
        return found;
    }

    /// <summary>The words after the bounds.</summary>
    private readonly record struct RangeOptions(RangeKind Kind, bool IsReverse, bool WithScores, long Offset, long Limit)
    {
        /// <summary>Kind and direction that are not given by the command may be given by words. False: answered with what is wrong.</summary>
        public static bool TryParse(Call call, int first, RangeKind? kind, bool? isReverse, bool withScores, out RangeOptions options)
        {
            options = default;
            var (hasScores, offset, limit) = (false, 0L, -1L);
            for (var i = first; i < call.Count; i++)
            {
                if (withScores && call.Is(i, "withscores"u8)) hasScores = true;
                else if (call.Is(i, "limit"u8) && i + 2 < call.Count)
                {
                    if (!call.TryInteger(++i, out offset) || !call.TryInteger(++i, out limit)) return false;
                }
                else if (isReverse is null && call.Is(i, "rev"u8)) isReverse = true;
                else if (kind is null && call.Is(i, "bylex"u8)) kind = RangeKind.Name;
                else if (kind is null && call.Is(i, "byscore"u8)) kind = RangeKind.Score;
                else return Wrong(call, Errors.Syntax);
            }
            options = new RangeOptions(kind ?? RangeKind.Rank, isReverse ?? false, hasScores, offset, limit);
            if (limit != -1 && options.Kind == RangeKind.Rank)
                return Wrong(call, "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"u8);
            return !hasScores || options.Kind != RangeKind.Name || Wrong(call, "ERR syntax error, WITHSCORES not supported in combination with BYLEX"u8);
        }

        private static bool Wrong(Call call, ReadOnlySpan<byte> what)
        {
            call.Reply.Error(what);
            return false;
        }
    }
}
