using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>Keys, whatever they hold.</summary>
internal static class Keys
{
    private const CommandFlags Read = CommandFlags.ReadOnly | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("del", -2, CommandFlags.Write, KeyRange.All, Del),
        new("unlink", -2, CommandFlags.Write | CommandFlags.Fast, KeyRange.All, Del),
        new("exists", -2, Read, KeyRange.All, call => Count(call)),
        new("touch", -2, Read, KeyRange.All, call => Count(call)),
        new("type", 2, Read, KeyRange.One, Type),
        new("rename", 3, CommandFlags.Write, KeyRange.Two, call => Rename(call, onlyNew: false)),
        new("renamenx", 3, CommandFlags.Write | CommandFlags.Fast, KeyRange.Two, call => Rename(call, onlyNew: true)),
        new("copy", -3, CommandFlags.Write | CommandFlags.DenyMemory, KeyRange.Two, Copy),
        new("randomkey", 1, CommandFlags.ReadOnly, KeyRange.None, RandomKey),
        new("dbsize", 1, Read, KeyRange.None, call => call.Reply.Integer(call.Keys.Count)),
        new("flushdb", -1, CommandFlags.Write, KeyRange.None, Flush),
        new("flushall", -1, CommandFlags.Write, KeyRange.None, Flush),
    ];

    public static ReadOnlySpan<byte> NameOf(ValueKind kind) => kind switch
    {
        ValueKind.String => "string"u8,
        ValueKind.List => "list"u8,
        ValueKind.Set => "set"u8,
        ValueKind.SortedSet => "zset"u8,
        _ => "hash"u8,
    };

    private static void Del(Call call)
    {
        var removed = 0;
        for (var i = 1; i < call.Count; i++)
        {
            if (!call.Keys.Remove(call[i])) continue;
            call.Changed(call[i], EventKind.Generic, "del"u8);
            removed++;
        }
        call.Reply.Integer(removed);
    }

    private static void Count(Call call)
    {
        var found = 0;
        for (var i = 1; i < call.Count; i++)
            if (!call.Keys.Find(call[i]).IsNull)
                found++;
        call.Reply.Integer(found);
    }

    private static void Type(Call call)
    {
        var entry = call.Keys.Peek(call[1]);
        call.Reply.Simple(entry.IsNull ? "none"u8 : NameOf(entry.Kind));
    }

    private static void Rename(Call call, bool onlyNew)
    {
        if (call.Keys.Find(call[1]).IsNull)
        {
            call.Reply.Error(Errors.NoSuchKey);
            return;
        }
        var isSame = call[1].SequenceEqual(call[2]);
        if (onlyNew && (isSame || !call.Keys.Find(call[2]).IsNull))
        {
            call.Reply.Integer(0);
            return;
        }
        if (!isSame)
        {
            call.Keys.Rename(call[1], call[2]);
            call.Changed(call[1], EventKind.Generic, "rename_from"u8);
            call.Changed(call[2], EventKind.Generic, "rename_to"u8);
        }
        if (onlyNew) call.Reply.Integer(1);
        else call.Reply.Ok();
    }

    private static void Copy(Call call)
    {
        var replace = false;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Is(i, "replace"u8)) replace = true;
            else if (call.Is(i, "db"u8) && i + 1 < call.Count)
            {
                if (!call.TryInteger(++i, out var number)) return;
                if (number != 0)
                {
                    call.Reply.Error("ERR DB index is out of range"u8);
                    return;
                }
            }
            else
            {
                call.Reply.Error(Errors.Syntax);
                return;
            }
        }
        if (call[1].SequenceEqual(call[2]))
        {
            call.Reply.Error("ERR source and destination objects are the same"u8);
            return;
        }
        if (call.Keys.Find(call[1]).IsNull || (!call.Keys.Find(call[2]).IsNull && !replace))
        {
            call.Reply.Integer(0);
            return;
        }
        call.Keys.Copy(call[1], call[2]);
        call.Changed(call[2], EventKind.Generic, "copy_to"u8);
        call.Reply.Integer(1);
    }

    private static void RandomKey(Call call)
    {
        while (call.Keys.Count > 0)
        {
            // One whose time has come goes by being looked at.
            var entry = call.Keys.Peek(call.Keys.Sample(call.Executor.Random).Key);
            if (entry.IsNull) continue;
            call.Reply.Bulk(entry.Key);
            return;
        }
        call.Reply.Null();
    }

    private static void Flush(Call call)
    {
        if (call.Count > 2 || (call.Count == 2 && !call.Is(1, "sync"u8) && !call.Is(1, "async"u8)))
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        call.Space.Watches.TouchAll(call.Keys);
        call.Keys.Clear();
        call.ChangedAll();
        call.Reply.Ok();
    }

}
