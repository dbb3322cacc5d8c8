using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>Sets: members without order.</summary>
internal static class Sets
{
    private const CommandFlags Read = CommandFlags.ReadOnly | CommandFlags.Fast;
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("sadd", -3, Write | CommandFlags.DenyMemory, KeyRange.One, Add),
        new("srem", -3, Write, KeyRange.One, Remove),
        new("sismember", 3, Read, KeyRange.One, IsMember),
        new("smismember", -3, Read, KeyRange.One, AreMembers),
        new("smembers", 2, CommandFlags.ReadOnly, KeyRange.One, Members),
        new("scard", 2, Read, KeyRange.One, Count),
        new("spop", -2, Write, KeyRange.One, Pop),
        new("srandmember", -2, CommandFlags.ReadOnly, KeyRange.One, RandomMember),
        new("smove", 4, Write, KeyRange.Two, Move),
        new("sscan", -3, CommandFlags.ReadOnly, KeyRange.One, call => Elements.Scan(call, ValueKind.Set)),
    ];

    /// <summary>Adds a member; false when it was there.</summary>
    public static bool Put(FieldMap set, ReadOnlySpan<byte> member)
    {
        if (!set.Find(member).IsNull) return false;
        set.Add(member, []);
        Collection.Note(ValueKind.Set, set, member, 0);
        return true;
    }

    private static void Add(Call call)
    {
        if (!Typed.TryOpen(call, call[1], ValueKind.Set, out var entry)) return;
        var added = 0;
        for (var i = 2; i < call.Count; i++)
            if (Put(Typed.Map(call, entry), call[i]))
                added++;
        if (added > 0) call.Changed(call[1], EventKind.Set, "sadd"u8);
        call.Reply.Integer(added);
    }

    private static void Remove(Call call)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.Set, out var entry)) return;
        var removed = 0;
        for (var i = 2; i < call.Count && !entry.IsNull; i++)
            if (Typed.Map(call, entry).Remove(call[i]))
                removed++;
        if (removed > 0)
        {
            call.Changed(call[1], EventKind.Set, "srem"u8);
            Typed.Settle(call, call[1], entry);
        }
        call.Reply.Integer(removed);
    }

    private static bool Has(Call call, Entry entry, ReadOnlySpan<byte> member) => !entry.IsNull && !Typed.Map(call, entry).Find(member).IsNull;

    private static void IsMember(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.Set, out var entry)) call.Reply.Integer(Has(call, entry, call[2]) ? 1 : 0);
    }

    private static void AreMembers(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.Set, out var entry)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) call.Reply.Integer(Has(call, entry, call[i]) ? 1 : 0);
    }

    private static void Members(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.Set, out var entry)) return;
        call.Reply.Set(entry.IsNull ? 0 : (int)Typed.Map(call, entry).Count);
        if (entry.IsNull) return;
        foreach (var member in Typed.Map(call, entry)) call.Reply.Bulk(member.Key);
    }

    private static void Count(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.Set, out var entry)) call.Reply.Integer(entry.IsNull ? 0 : Typed.Map(call, entry).Count);
    }

    /// <summary>Takes members by chance; the log gets which ones they were.</summary>
    private static void Pop(Call call)
    {
        long count = 1;
        if (call.Count > 3)
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        if (call.Count == 3 && (!call.TryInteger(2, out count, "ERR value is out of range, must be positive"u8) || count < 0))
        {
            if (count < 0) call.Reply.Error("ERR value is out of range, must be positive"u8);
            return;
        }
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.Set, out var entry)) return;
        if (entry.IsNull && call.Count == 2)
        {
            call.Reply.Null();
            return;
        }
        var chosen = entry.IsNull ? [] : Elements.Choose(call, Typed.Map(call, entry), count).ConvertAll(a => Elements.At(a).Key.ToArray());
        if (call.Count == 3) call.Reply.Set(chosen.Count);
        foreach (var member in chosen)
        {
            call.Reply.Bulk(member);
            Typed.Map(call, entry).Remove(member);
        }
        if (chosen.Count == 0) return;
        call.Changed(call[1], EventKind.Set, "spop"u8);
        call.LogAs("srem"u8, call[1], chosen);
        Typed.Settle(call, call[1], entry);
    }

    private static void RandomMember(Call call)
    {
        if (call.Count > 2)
        {
            Elements.AnswerSamples(call, ValueKind.Set, []);
            return;
        }
        if (!Typed.TryFind(call, call[1], ValueKind.Set, out var entry)) return;
        if (entry.IsNull) call.Reply.Null();
        else call.Reply.Bulk(Typed.Map(call, entry).Sample(call.Executor.Random).Key);
    }

    private static void Move(Call call)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.Set, out var from)) return;
        if (from.IsNull)
        {
            call.Reply.Integer(0);
            return;
        }
        if (!Typed.TryFindForWrite(call, call[2], ValueKind.Set, out _)) return;
        if (!Has(call, from, call[3]))
        {
            call.Reply.Integer(0);
            return;
        }
        if (!call[1].SequenceEqual(call[2]))
        {
            Typed.Map(call, from).Remove(call[3]);
            call.Changed(call[1], EventKind.Set, "srem"u8);
            Typed.Settle(call, call[1], from);
            if (Typed.TryOpen(call, call[2], ValueKind.Set, out var to) && Put(Typed.Map(call, to), call[3])) call.Changed(call[2], EventKind.Set, "sadd"u8);
        }
        call.Reply.Integer(1);
    }
}
