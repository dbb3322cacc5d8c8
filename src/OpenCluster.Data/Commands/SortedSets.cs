using System.Globalization;
using System.Text;
using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>Sorted sets, member by member: ZADD, ZREM, ZSCORE and the like.</summary>
internal static class SortedSets
{
    private const CommandFlags Read = CommandFlags.ReadOnly | CommandFlags.Fast;
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("zadd", -4, Write | CommandFlags.DenyMemory, KeyRange.One, Add),
        new("zincrby", 4, Write | CommandFlags.DenyMemory, KeyRange.One, IncrBy),
        new("zrem", -3, Write, KeyRange.One, Remove),
        new("zscore", 3, Read, KeyRange.One, Score),
        new("zmscore", -3, Read, KeyRange.One, Scores),
        new("zcard", 2, Read, KeyRange.One, Count),
        new("zrank", 3, Read, KeyRange.One, call => Rank(call, isReverse: false)),
        new("zrevrank", 3, Read, KeyRange.One, call => Rank(call, isReverse: true)),
        new("zpopmin", -2, Write, KeyRange.One, call => Pop(call, isLeast: true)),
        new("zpopmax", -2, Write, KeyRange.One, call => Pop(call, isLeast: false)),
        new("zrandmember", -2, CommandFlags.ReadOnly, KeyRange.One, RandomMember),
        new("zscan", -3, CommandFlags.ReadOnly, KeyRange.One, call => Elements.Scan(call, ValueKind.SortedSet)),
    ];

    public static void AnswerScore(Call call, double score) => call.Reply.Double(score);

    /// <summary>Gives a member a score; true when it is new.</summary>
    public static bool Put(SortedSetValue set, ReadOnlySpan<byte> member, double score)
    {
        var isNew = set.Put(member, score);
        Collection.Note(ValueKind.SortedSet, set.Members, member, 0);
        return isNew;
    }

    public static bool TryScore(Call call, ReadOnlySpan<byte> text, out double score)
    {
        if (RespNumber.TryDouble(text, out score)) return true;
        call.Reply.Error(Errors.NotAFloat);
        return false;
    }

    private readonly record struct AddOptions(bool IfMissing, bool IfThere, bool IfGreater, bool IfLess, bool CountsChanges, bool Adds);

    private static void Add(Call call)
    {
        var options = default(AddOptions);
        var first = 2;
        for (; first < call.Count; first++)
        {
            if (call.Is(first, "nx"u8)) options = options with { IfMissing = true };
            else if (call.Is(first, "xx"u8)) options = options with { IfThere = true };
            else if (call.Is(first, "gt"u8)) options = options with { IfGreater = true };
            else if (call.Is(first, "lt"u8)) options = options with { IfLess = true };
            else if (call.Is(first, "ch"u8)) options = options with { CountsChanges = true };
            else if (call.Is(first, "incr"u8)) options = options with { Adds = true };
            else break;
        }
        Add(call, first, options);
    }

    private static void IncrBy(Call call) => Add(call, 2, new AddOptions { Adds = true });

    private static void Add(Call call, int first, AddOptions options)
    {
        if ((call.Count - first) % 2 != 0 || first == call.Count)
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        if (options.IfMissing && options.IfThere)
        {
            call.Reply.Error("ERR XX and NX options at the same time are not compatible"u8);
            return;
        }
        if ((options.IfGreater && options.IfMissing) || (options.IfLess && options.IfMissing) || (options.IfGreater && options.IfLess))
        {
            call.Reply.Error("ERR GT, LT, and/or NX options at the same time are not compatible"u8);
            return;
        }
        if (options.Adds && call.Count - first > 2)
        {
            call.Reply.Error("ERR INCR option supports a single increment-element pair"u8);
            return;
        }
        // All scores are looked at before anything is changed.
        for (var i = first; i < call.Count; i += 2)
            if (!TryScore(call, call[i], out _))
                return;
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.SortedSet, out var entry)) return;
        if (entry.IsNull && options.IfThere)
        {
            if (options.Adds) call.Reply.Null();
            else call.Reply.Integer(0);
            return;
        }
        if (!Typed.TryOpen(call, call[1], ValueKind.SortedSet, out entry)) return;
        var (added, changed, result) = (0, 0, (double?)null);
        for (var i = first; i < call.Count; i += 2)
        {
            if (!TryPut(call, Typed.SortedSet(call, entry), call[i + 1], call[i], options, ref added, ref changed, ref result))
            {
                Typed.Settle(call, call[1], entry);
                return;
            }
        }
        if (added + changed > 0) call.Changed(call[1], EventKind.SortedSet, options.Adds ? "zincr"u8 : "zadd"u8);
        Typed.Settle(call, call[1], entry);
        if (!options.Adds) call.Reply.Integer(options.CountsChanges ? added + changed : added);
        else if (result is { } score) AnswerScore(call, score);
        else call.Reply.Null();
    }

    /// <summary>One pair of ZADD; false when the sum is no number, which has been answered.</summary>
    private static bool TryPut(Call call, SortedSetValue set, ReadOnlySpan<byte> member, ReadOnlySpan<byte> text, AddOptions options, ref int added, ref int changed, ref double? result)
    {
        RespNumber.TryDouble(text, out var score);
        var isThere = set.TryScore(member, out var before);
        if (isThere ? options.IfMissing : options.IfThere) return true;
        if (options.Adds && isThere) score += before;
        if (double.IsNaN(score))
        {
            call.Reply.Error("ERR resulting score is not a number (NaN)"u8);
            return false;
        }
        if (isThere && ((options.IfGreater && score <= before) || (options.IfLess && score >= before))) return true;
        result = score;
        if (!isThere) added++;
        else if (score != before) changed++;
        Put(set, member, score);
        return true;
    }

    private static void Remove(Call call)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.SortedSet, out var entry)) return;
        var removed = 0;
        for (var i = 2; i < call.Count && !entry.IsNull; i++)
            if (Typed.SortedSet(call, entry).Remove(call[i]))
                removed++;
        if (removed > 0)
        {
            call.Changed(call[1], EventKind.SortedSet, "zrem"u8);
            Typed.Settle(call, call[1], entry);
        }
        call.Reply.Integer(removed);
    }

    private static void AnswerScoreOf(Call call, Entry entry, ReadOnlySpan<byte> member)
    {
        if (!entry.IsNull && Typed.SortedSet(call, entry).TryScore(member, out var score)) AnswerScore(call, score);
        else call.Reply.Null();
    }

    private static void Score(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) AnswerScoreOf(call, entry, call[2]);
    }

    private static void Scores(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) AnswerScoreOf(call, entry, call[i]);
    }

    private static void Count(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) call.Reply.Integer(entry.IsNull ? 0 : Typed.SortedSet(call, entry).Count);
    }

    private static void Rank(Call call, bool isReverse)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) return;
        var member = entry.IsNull ? default : Typed.SortedSet(call, entry).Members.Find(call[2]);
        if (member.IsNull)
        {
            call.Reply.Null();
            return;
        }
        var set = Typed.SortedSet(call, entry);
        var rank = set.Rank(member);
        call.Reply.Integer(isReverse ? set.Count - 1 - rank : rank);
    }

    private static void Pop(Call call, bool isLeast)
    {
        long count = 1;
        if (call.Count > 3)
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        if (call.Count == 3 && !call.TryInteger(2, out count, "ERR value is out of range, must be positive"u8)) return;
        if (count < 0)
        {
            call.Reply.Error("ERR value is out of range, must be positive"u8);
            return;
        }
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.SortedSet, out var entry)) return;
        var taken = entry.IsNull ? 0 : (int)Math.Min(count, Typed.SortedSet(call, entry).Count);
        var pairs = call.Count == 3 && call.Reply.Protocol == 3;
        call.Reply.Array(pairs ? taken : taken * 2);
        for (var i = 0; i < taken; i++)
        {
            if (pairs) call.Reply.Array(2);
            TakeOne(call, Typed.SortedSet(call, entry), isLeast);
        }
        if (taken > 0) Popped(call, 1, entry, isLeast, taken);
    }

    /// <summary>Answers the members, with their scores, that it takes from the sorted set at a key that is there.</summary>
    public static void PopMany(Call call, int key, Entry entry, bool isLeast, long count)
    {
        var taken = (int)Math.Min(count, Typed.SortedSet(call, entry).Count);
        call.Reply.Array(taken);
        for (var i = 0; i < taken; i++)
        {
            call.Reply.Array(2);
            TakeOne(call, Typed.SortedSet(call, entry), isLeast);
        }
        Popped(call, key, entry, isLeast, taken);
    }

    /// <summary>Answers key, member and score, when there is one, or a refusal. False: there is none, and nothing was answered.</summary>
    public static bool TryTake(Call call, int key, bool isLeast)
    {
        if (!Typed.TryFindForWrite(call, call[key], ValueKind.SortedSet, out var entry)) return true;
        if (entry.IsNull) return false;
        call.Reply.Array(3);
        call.Reply.Bulk(call[key]);
        TakeOne(call, Typed.SortedSet(call, entry), isLeast);
        Popped(call, key, entry, isLeast, 1);
        return true;
    }

    private static void TakeOne(Call call, SortedSetValue set, bool isLeast)
    {
        var item = set.Order[isLeast ? 0 : set.Count - 1];
        call.Reply.Bulk(item.Member.Key);
        AnswerScore(call, item.Score);
        set.Remove(item.Member.Key.ToArray());
    }

    private static void Popped(Call call, int key, Entry entry, bool isLeast, int count)
    {
        call.Changed(call[key], EventKind.SortedSet, isLeast ? "zpopmin"u8 : "zpopmax"u8);
        call.LogAs(isLeast ? "zpopmin"u8 : "zpopmax"u8, call[key], [Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture))]);
        Typed.Settle(call, call[key], entry);
    }

    private static void RandomMember(Call call)
    {
        if (call.Count > 2)
        {
            Elements.AnswerSamples(call, ValueKind.SortedSet, "withscores"u8);
            return;
        }
        if (!Typed.TryFind(call, call[1], ValueKind.SortedSet, out var entry)) return;
        if (entry.IsNull) call.Reply.Null();
        else call.Reply.Bulk(Typed.SortedSet(call, entry).Members.Sample(call.Executor.Random).Key);
    }
}
