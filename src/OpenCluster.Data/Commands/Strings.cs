using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>GET, SET and what else is done with a string as a whole.</summary>
internal static class Strings
{
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.DenyMemory;

    public static IEnumerable<Command> Commands =>
    [
        new("get", 2, CommandFlags.ReadOnly | CommandFlags.Fast, KeyRange.One, Get),
        new("set", -3, Write | CommandFlags.Fast, KeyRange.One, Set),
        new("setnx", 3, Write | CommandFlags.Fast, KeyRange.One, SetNx),
        new("setex", 4, Write, KeyRange.One, call => SetEx(call, 1000)),
        new("psetex", 4, Write, KeyRange.One, call => SetEx(call, 1)),
        new("getset", 3, Write | CommandFlags.Fast, KeyRange.One, GetSet),
        new("getdel", 2, CommandFlags.Write | CommandFlags.Fast, KeyRange.One, GetDel),
        new("getex", -2, CommandFlags.Write | CommandFlags.Fast, KeyRange.One, GetEx),
        new("mget", -2, CommandFlags.ReadOnly | CommandFlags.Fast, KeyRange.All, MGet),
        new("mset", -3, Write, KeyRange.Pairs, MSet),
        new("msetnx", -3, Write, KeyRange.Pairs, MSetNx),
        new("strlen", 2, CommandFlags.ReadOnly | CommandFlags.Fast, KeyRange.One, StrLen),
    ];

    /// <summary>The string at a key, or a null entry; false when it is of another kind, which has been answered.</summary>
    public static bool TryFind(Call call, ReadOnlySpan<byte> key, out Entry entry)
    {
        entry = call.Keys.Find(key);
        if (entry.IsNull || entry.Kind == ValueKind.String) return true;
        call.Reply.Error(Errors.WrongType);
        return false;
    }

    public static void Answer(Call call, Entry entry)
    {
        if (entry.IsNull) call.Reply.Null();
        else call.Reply.Bulk(entry.Value);
    }

    private static void Get(Call call)
    {
        if (TryFind(call, call[1], out var entry)) Answer(call, entry);
    }

    private static void Set(Call call)
    {
        if (call.Count == 3)
        {
            Put(call, 0);
            call.Reply.Ok();
            return;
        }
        if (!SetOptions.TryParse(call, 3, forSet: true, out var options) || !options.TryTime(call, out var newTime)) return;
        Entry before = default;
        if (options.Get && !TryFind(call, call[1], out before)) return;
        if (!options.Get) before = call.Keys.Find(call[1]);
        if (options.IfMissing && !before.IsNull || options.IfThere && before.IsNull)
        {
            if (options.Get) Answer(call, before);
            else call.Reply.Null();
            return;
        }
        if (options.Get) Answer(call, before);
        var expiresAt = options.KeepTtl && !before.IsNull && before.Expires ? before.ExpiresAt : newTime;
        Put(call, expiresAt);
        if (newTime > 0)
        {
            call.Notify(call[1], EventKind.Generic, "expire"u8);
            call.LogExpiring("set"u8, call[1], call[2], newTime);
        }
        if (!options.Get) call.Reply.Ok();
    }

    private static void Put(Call call, long expiresAt)
    {
        call.Keys.SetString(call[1], call[2], expiresAt);
        call.Changed(call[1], EventKind.String, "set"u8);
    }

    private static void SetNx(Call call)
    {
        var isNew = call.Keys.Find(call[1]).IsNull;
        if (isNew) Put(call, 0);
        call.Reply.Integer(isNew ? 1 : 0);
    }

    private static void SetEx(Call call, long unit)
    {
        if (!Expiry.TryTime(call, 2, unit, isAbsolute: false, out var expiresAt)) return;
        call.Keys.SetString(call[1], call[3], expiresAt);
        call.Changed(call[1], EventKind.String, "set"u8);
        call.Notify(call[1], EventKind.Generic, "expire"u8);
        call.LogExpiring("set"u8, call[1], call[3], expiresAt);
        call.Reply.Ok();
    }

    private static void GetSet(Call call)
    {
        if (!TryFind(call, call[1], out var before)) return;
        Answer(call, before);
        Put(call, 0);
    }

    private static void GetDel(Call call)
    {
        if (!TryFind(call, call[1], out var entry)) return;
        Answer(call, entry);
        if (entry.IsNull) return;
        call.Keys.Remove(call[1]);
        call.Changed(call[1], EventKind.Generic, "del"u8);
    }

    private static void GetEx(Call call)
    {
        if (!SetOptions.TryParse(call, 2, forSet: false, out var options) || !TryFind(call, call[1], out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Null();
            return;
        }
        if (!options.TryTime(call, out var expiresAt)) return;
        Answer(call, entry);
        if (options.Persist && entry.Expires)
        {
            call.Keys.SetExpiry(call[1], 0);
            call.Changed(call[1], EventKind.Generic, "persist"u8);
            call.LogAs("persist"u8, call[1]);
        }
        else if (expiresAt > 0)
        {
            Expiry.Set(call, call[1], expiresAt);
        }
    }

    private static void MGet(Call call)
    {
        call.Reply.Array(call.Count - 1);
        for (var i = 1; i < call.Count; i++)
        {
            var entry = call.Keys.Find(call[i]);
            Answer(call, entry.IsNull || entry.Kind != ValueKind.String ? default : entry);
        }
    }

    private static void MSet(Call call)
    {
        if (!HasPairs(call)) return;
        PutAll(call);
        call.Reply.Ok();
    }

    private static void MSetNx(Call call)
    {
        if (!HasPairs(call)) return;
        for (var i = 1; i < call.Count; i += 2)
        {
            if (call.Keys.Find(call[i]).IsNull) continue;
            call.Reply.Integer(0);
            return;
        }
        PutAll(call);
        call.Reply.Integer(1);
    }

    private static bool HasPairs(Call call)
    {
        if (call.Count % 2 == 1) return true;
        Refusals.Arity(call, call.Command);
        return false;
    }

    private static void PutAll(Call call)
    {
        for (var i = 1; i < call.Count; i += 2)
        {
            call.Keys.SetString(call[i], call[i + 1], 0);
            call.Changed(call[i], EventKind.String, "set"u8);
        }
    }

    private static void StrLen(Call call)
    {
        if (TryFind(call, call[1], out var entry)) call.Reply.Integer(entry.IsNull ? 0 : entry.ValueLength);
    }
}
