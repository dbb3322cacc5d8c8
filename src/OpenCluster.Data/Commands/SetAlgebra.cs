using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Commands;

/// <summary>Unions, intersections and differences of sets, answered or stored.</summary>
internal static class SetAlgebra
{
    private const CommandFlags Store = CommandFlags.Write | CommandFlags.DenyMemory;

    public static IEnumerable<Command> Commands =>
    [
        new("sinter", -2, CommandFlags.ReadOnly, KeyRange.All, call => Answer(call, Intersect)),
        new("sunion", -2, CommandFlags.ReadOnly, KeyRange.All, call => Answer(call, Unite)),
        new("sdiff", -2, CommandFlags.ReadOnly, KeyRange.All, call => Answer(call, Subtract)),
        new("sinterstore", -3, Store, KeyRange.All, call => Keep(call, Intersect, "sinterstore"u8)),
        new("sunionstore", -3, Store, KeyRange.All, call => Keep(call, Unite, "sunionstore"u8)),
        new("sdiffstore", -3, Store, KeyRange.All, call => Keep(call, Subtract, "sdiffstore"u8)),
        new("sintercard", -3, CommandFlags.ReadOnly, KeyRange.None, Count),
    ];

    private delegate List<byte[]>? Operation(Call call, int first, int last);

    private static void Answer(Call call, Operation operation)
    {
        if (operation(call, 1, call.Count - 1) is not { } members) return;
        call.Reply.Set(members.Count);
        foreach (var member in members) call.Reply.Bulk(member);
    }

    private static void Keep(Call call, Operation operation, ReadOnlySpan<byte> what)
    {
        if (operation(call, 2, call.Count - 1) is not { } members) return;
        if (members.Count == 0)
        {
            if (call.Keys.Remove(call[1])) call.Changed(call[1], EventKind.Generic, "del"u8);
            call.Reply.Integer(0);
            return;
        }
        var set = Collection.Create(ValueKind.Set, call.Keys.Arena);
        foreach (var member in members) Sets.Put(new FieldMap(set, call.Keys.Arena), member);
        call.Keys.AddCollection(call[1], ValueKind.Set, set);
        call.Changed(call[1], EventKind.Set, what);
        call.Reply.Integer(members.Count);
    }

    private static void Count(Call call)
    {
        if (!call.TryInteger(1, out var count, "ERR numkeys should be greater than 0"u8)) return;
        if (count < 1)
        {
            call.Reply.Error("ERR numkeys should be greater than 0"u8);
            return;
        }
        if (count > call.Count - 2)
        {
            call.Reply.Error("ERR Number of keys can't be greater than number of args"u8);
            return;
        }
        long limit = 0;
        for (var i = 2 + (int)count; i < call.Count; i++)
        {
            if (!call.Is(i, "limit"u8) || i + 1 >= call.Count)
            {
                call.Reply.Error(Errors.Syntax);
                return;
            }
            if (!call.TryInteger(++i, out limit, "ERR LIMIT can't be negative"u8)) return;
            if (limit >= 0) continue;
            call.Reply.Error("ERR LIMIT can't be negative"u8);
            return;
        }
        if (Intersect(call, 2, (int)count + 1) is { } members) call.Reply.Integer(limit > 0 ? Math.Min(limit, members.Count) : members.Count);
    }

    /// <summary>The sets at the keys; missing ones are null entries. Null: one was of another kind, which has been answered.</summary>
    private static Entry[]? Find(Call call, int first, int last)
    {
        var sets = new Entry[last - first + 1];
        for (var i = first; i <= last; i++)
            if (!Typed.TryFind(call, call[i], ValueKind.Set, out sets[i - first]))
                return null;
        // Looking one up may remove another whose time has come; so they are looked up once more, and none is over now.
        for (var i = first; i <= last; i++) sets[i - first] = call.Keys.Peek(call[i]);
        return sets;
    }

    private static List<byte[]>? Intersect(Call call, int first, int last)
    {
        if (Find(call, first, last) is not { } sets) return null;
        var members = new List<byte[]>();
        if (sets.Any(s => s.IsNull)) return members;
        Array.Sort(sets, (a, b) => Typed.Map(call, a).Count.CompareTo(Typed.Map(call, b).Count));
        foreach (var member in Typed.Map(call, sets[0]))
            if (IsInAll(call, sets, member.Key))
                members.Add(member.Key.ToArray());
        return members;
    }

    private static bool IsInAll(Call call, Entry[] sets, ReadOnlySpan<byte> member)
    {
        for (var i = 1; i < sets.Length; i++)
            if (Typed.Map(call, sets[i]).Find(member).IsNull)
                return false;
        return true;
    }

    private static List<byte[]>? Unite(Call call, int first, int last)
    {
        if (Find(call, first, last) is not { } sets) return null;
        var members = new HashSet<byte[]>(ByteKeys.Instance);
        foreach (var set in sets)
        {
            if (set.IsNull) continue;
            foreach (var member in Typed.Map(call, set)) members.Add(member.Key.ToArray());
        }
        return [.. members];
    }

    private static List<byte[]>? Subtract(Call call, int first, int last)
    {
        if (Find(call, first, last) is not { } sets) return null;
        var members = new List<byte[]>();
        if (sets[0].IsNull) return members;
        foreach (var member in Typed.Map(call, sets[0]))
            if (!IsInAny(call, sets, member.Key))
                members.Add(member.Key.ToArray());
        return members;
    }

    private static bool IsInAny(Call call, Entry[] sets, ReadOnlySpan<byte> member)
    {
        for (var i = 1; i < sets.Length; i++)
            if (!sets[i].IsNull && !Typed.Map(call, sets[i]).Find(member).IsNull)
                return true;
        return false;
    }
}
