using System.Globalization;
using System.Text;
using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>Lists: elements in the order in which they were put.</summary>
internal static class Lists
{
    private const CommandFlags Read = CommandFlags.ReadOnly;
    private const CommandFlags Write = CommandFlags.Write;
    private const CommandFlags Push = CommandFlags.Write | CommandFlags.DenyMemory | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("lpush", -3, Push, KeyRange.One, call => Add(call, first: true, onlyThere: false)),
        new("rpush", -3, Push, KeyRange.One, call => Add(call, first: false, onlyThere: false)),
        new("lpushx", -3, Push, KeyRange.One, call => Add(call, first: true, onlyThere: true)),
        new("rpushx", -3, Push, KeyRange.One, call => Add(call, first: false, onlyThere: true)),
        new("lpop", -2, Write | CommandFlags.Fast, KeyRange.One, call => Pop(call, first: true)),
        new("rpop", -2, Write | CommandFlags.Fast, KeyRange.One, call => Pop(call, first: false)),
        new("llen", 2, Read | CommandFlags.Fast, KeyRange.One, Length),
        new("lindex", 3, Read, KeyRange.One, At),
        new("lrange", 4, Read, KeyRange.One, Range),
        new("lset", 4, Write | CommandFlags.DenyMemory, KeyRange.One, Replace),
        new("ltrim", 4, Write, KeyRange.One, Trim),
        new("lrem", 4, Write, KeyRange.One, Remove),
        new("linsert", 5, Write | CommandFlags.DenyMemory, KeyRange.One, Insert),
        new("lpos", -3, Read, KeyRange.One, Positions),
        new("rpoplpush", 3, Write | CommandFlags.DenyMemory, KeyRange.Two, call => Move(call, fromFirst: false, toFirst: true)),
        new("lmove", 5, Write | CommandFlags.DenyMemory, KeyRange.Two, MoveEnds),
    ];

    private static void Add(Call call, bool first, bool onlyThere)
    {
        if (onlyThere)
        {
            if (!Typed.TryFind(call, call[1], ValueKind.List, out var there)) return;
            if (there.IsNull)
            {
                call.Reply.Integer(0);
                return;
            }
        }
        if (!Typed.TryOpen(call, call[1], ValueKind.List, out var entry)) return;
        var list = Typed.List(call, entry);
        for (var i = 2; i < call.Count; i++)
        {
            if (first) list.AddFirst(call[i]);
            else list.AddLast(call[i]);
        }
        call.Changed(call[1], EventKind.List, first ? "lpush"u8 : "rpush"u8);
        call.Reply.Integer(list.Count);
    }

    private static void Pop(Call call, bool first)
    {
        long count = 1;
        if (call.Count > 3)
        {
            Refusals.Arity(call, call.Command);
            return;
        }
        if (call.Count == 3 && (!call.TryInteger(2, out count, "ERR value is out of range, must be positive"u8) || count < 0))
        {
            if (count < 0) call.Reply.Error("ERR value is out of range, must be positive"u8);
            return;
        }
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.List, out var entry)) return;
        if (entry.IsNull)
        {
            if (call.Count == 3) call.Reply.NullArray();
            else call.Reply.Null();
            return;
        }
        var list = Typed.List(call, entry);
        var taken = (int)Math.Min(count, list.Count);
        if (call.Count == 3) call.Reply.Array(taken);
        for (var i = 0; i < taken; i++) call.Reply.Bulk(Take(list, first));
        if (taken == 0) return;
        call.Changed(call[1], EventKind.List, first ? "lpop"u8 : "rpop"u8);
        Typed.Settle(call, call[1], entry);
    }

    /// <summary>Answers the elements that it takes from the list at a key that is there.</summary>
    public static void PopMany(Call call, int key, Entry entry, bool first, long count)
    {
        var list = Typed.List(call, entry);
        var taken = (int)Math.Min(count, list.Count);
        call.Reply.Array(taken);
        for (var i = 0; i < taken; i++) call.Reply.Bulk(Take(list, first));
        call.Changed(call[key], EventKind.List, first ? "lpop"u8 : "rpop"u8);
        call.LogAs(first ? "lpop"u8 : "rpop"u8, call[key], [Encoding.ASCII.GetBytes(taken.ToString(CultureInfo.InvariantCulture))]);
        Typed.Settle(call, call[key], entry);
    }

    /// <summary>Answers key and element, when there is one, or a refusal. False: there is none, and nothing was answered.</summary>
    public static bool TryTake(Call call, int key, bool first)
    {
        if (!Typed.TryFindForWrite(call, call[key], ValueKind.List, out var entry)) return true;
        if (entry.IsNull) return false;
        call.Reply.Array(2);
        call.Reply.Bulk(call[key]);
        call.Reply.Bulk(Take(Typed.List(call, entry), first));
        call.Changed(call[key], EventKind.List, first ? "lpop"u8 : "rpop"u8);
        call.LogAs(first ? "lpop"u8 : "rpop"u8, call[key]);
        Typed.Settle(call, call[key], entry);
        return true;
    }

    /// <summary>Takes an element from an end. A copy, for its memory is free already.</summary>
    private static byte[] Take(ListValue list, bool first)
    {
        var value = list[first ? 0 : list.Count - 1].ToArray();
        if (first) list.RemoveFirst();
        else list.RemoveLast();
        return value;
    }

    private static void Length(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.List, out var entry)) call.Reply.Integer(entry.IsNull ? 0 : Typed.List(call, entry).Count);
    }

    private static void At(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.List, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Null();
            return;
        }
        if (!call.TryInteger(2, out var index)) return;
        var list = Typed.List(call, entry);
        if (index < 0) index += list.Count;
        if (index < 0 || index >= list.Count) call.Reply.Null();
        else call.Reply.Bulk(list[(int)index]);
    }

    private static void Range(Call call)
    {
        if (!call.TryInteger(2, out var start) || !call.TryInteger(3, out var end) || !Typed.TryFind(call, call[1], ValueKind.List, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Array(0);
            return;
        }
        var list = Typed.List(call, entry);
        var (offset, length) = Ranges.ClampElements(start, end, list.Count);
        call.Reply.Array(length);
        for (var i = 0; i < length; i++) call.Reply.Bulk(list[offset + i]);
    }

    private static void Replace(Call call)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.List, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Error(Errors.NoSuchKey);
            return;
        }
        if (!call.TryInteger(2, out var index)) return;
        var list = Typed.List(call, entry);
        if (index < 0) index += list.Count;
        if (index < 0 || index >= list.Count)
        {
            call.Reply.Error(Errors.OutOfRange);
            return;
        }
        list.Replace((int)index, call[3]);
        call.Changed(call[1], EventKind.List, "lset"u8);
        call.Reply.Ok();
    }

    private static void Trim(Call call)
    {
        if (!call.TryInteger(2, out var start) || !call.TryInteger(3, out var end) || !Typed.TryFindForWrite(call, call[1], ValueKind.List, out var entry)) return;
        if (!entry.IsNull)
        {
            var list = Typed.List(call, entry);
            var (offset, length) = Ranges.ClampElements(start, end, list.Count);
            if (length == 0) offset = list.Count;
            var after = list.Count - offset - length;
            for (var i = 0; i < offset; i++) list.RemoveFirst();
            for (var i = 0; i < after; i++) list.RemoveLast();
            call.Changed(call[1], EventKind.List, "ltrim"u8);
            Typed.Settle(call, call[1], entry);
        }
        call.Reply.Ok();
    }

    private static void Remove(Call call)
    {
        if (!call.TryInteger(2, out var count) || !Typed.TryFindForWrite(call, call[1], ValueKind.List, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Integer(0);
            return;
        }
        var most = count == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, Math.Abs(Math.Max(count, -int.MaxValue)));
        var removed = Typed.List(call, entry).RemoveEqual(call[3], most, fromBack: count < 0);
        if (removed > 0)
        {
            call.Changed(call[1], EventKind.List, "lrem"u8);
            Typed.Settle(call, call[1], entry);
        }
        call.Reply.Integer(removed);
    }

    private static void Insert(Call call)
    {
        var isBefore = call.Is(2, "before"u8);
        if (!isBefore && !call.Is(2, "after"u8))
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.List, out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Integer(0);
            return;
        }
        var list = Typed.List(call, entry);
        for (var i = 0; i < list.Count; i++)
        {
            if (!list[i].SequenceEqual(call[3])) continue;
            list.Insert(isBefore ? i : i + 1, call[4]);
            call.Changed(call[1], EventKind.List, "linsert"u8);
            call.Reply.Integer(list.Count);
            return;
        }
        call.Reply.Integer(-1);
    }

    private static void Positions(Call call)
    {
        if (!TryPositionOptions(call, out var rank, out var count, out var most)) return;
        if (!Typed.TryFind(call, call[1], ValueKind.List, out var entry)) return;
        var found = new List<int>();
        if (!entry.IsNull)
        {
            var list = Typed.List(call, entry);
            var skip = Math.Abs(rank) - 1;
            for (var i = 0; i < list.Count && (most == 0 || i < most); i++)
            {
                var at = rank > 0 ? i : list.Count - 1 - i;
                if (!list[at].SequenceEqual(call[2]) || skip-- > 0) continue;
                found.Add(at);
                if (count is null || found.Count == count) break;
            }
        }
        if (count is null)
        {
            if (found.Count > 0) call.Reply.Integer(found[0]);
            else call.Reply.Null();
            return;
        }
        call.Reply.Array(found.Count);
        foreach (var at in found) call.Reply.Integer(at);
    }

    private static bool TryPositionOptions(Call call, out long rank, out long? count, out long most)
    {
        (rank, count, most) = (1, null, 0);
        for (var i = 3; i < call.Count; i += 2)
        {
            if (i + 1 == call.Count) return Wrong(call, Errors.Syntax);
            if (call.Is(i, "rank"u8))
            {
                if (!call.TryInteger(i + 1, out rank)) return false;
                if (rank == 0)
                    return Wrong(call, "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"u8);
                if (rank == long.MinValue) return Wrong(call, "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"u8);
            }
            else if (call.Is(i, "count"u8))
            {
                if (!call.TryInteger(i + 1, out var number, "ERR COUNT can't be negative"u8)) return false;
                if (number < 0) return Wrong(call, "ERR COUNT can't be negative"u8);
                count = number;
            }
            else if (call.Is(i, "maxlen"u8))
            {
                if (!call.TryInteger(i + 1, out most, "ERR MAXLEN can't be negative"u8)) return false;
                if (most < 0) return Wrong(call, "ERR MAXLEN can't be negative"u8);
            }
            else
            {
                return Wrong(call, Errors.Syntax);
            }
        }
        return true;
    }

    private static void MoveEnds(Call call)
    {
        if (TryEnd(call, 3, out var fromFirst) && TryEnd(call, 4, out var toFirst)) Move(call, fromFirst, toFirst);
    }

    /// <summary>Whether an argument says LEFT (the first) or RIGHT. False: answered.</summary>
    public static bool TryEnd(Call call, int index, out bool first)
    {
        first = call.Is(index, "left"u8);
        return first || call.Is(index, "right"u8) || Wrong(call, Errors.Syntax);
    }

    private static void Move(Call call, bool fromFirst, bool toFirst)
    {
        if (!TryMove(call, fromFirst, toFirst)) call.Reply.Null();
    }

    /// <summary>Moves an element from the list at the first key to the one at the second. False: there is none, and nothing was answered.</summary>
    public static bool TryMove(Call call, bool fromFirst, bool toFirst)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.List, out var from)) return true;
        if (from.IsNull) return false;
        if (!Typed.TryFindForWrite(call, call[2], ValueKind.List, out _)) return true;
        var value = Take(Typed.List(call, from), fromFirst);
        call.Changed(call[1], EventKind.List, fromFirst ? "lpop"u8 : "rpop"u8);
        if (!call[1].SequenceEqual(call[2])) Typed.Settle(call, call[1], from);
        if (!Typed.TryOpen(call, call[2], ValueKind.List, out var to)) return true;
        if (toFirst) Typed.List(call, to).AddFirst(value);
        else Typed.List(call, to).AddLast(value);
        call.Changed(call[2], EventKind.List, toFirst ? "lpush"u8 : "rpush"u8);
        call.LogAs("lmove"u8, call[1], [call[2].ToArray(), EndName(fromFirst), EndName(toFirst)]);
        call.Reply.Bulk(value);
        return true;
    }

    private static byte[] EndName(bool first) => first ? "left"u8.ToArray() : "right"u8.ToArray();

    private static bool Wrong(Call call, ReadOnlySpan<byte> what)
    {
        call.Reply.Error(what);
        return false;
    }
}
