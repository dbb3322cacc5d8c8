using System.Buffers.Text;
using OpenCluster.Data.Collections;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>Hashes: fields with values.</summary>
internal static class Hashes
{
    private const CommandFlags Read = CommandFlags.ReadOnly | CommandFlags.Fast;
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.Fast;
    private const CommandFlags Grow = Write | CommandFlags.DenyMemory;

    public static IEnumerable<Command> Commands =>
    [
        new("hset", -4, Grow, KeyRange.One, call => Set(call, isOld: false)),
        new("hmset", -4, Grow, KeyRange.One, call => Set(call, isOld: true)),
        new("hsetnx", 4, Grow, KeyRange.One, SetNx),
        new("hget", 3, Read, KeyRange.One, Get),
        new("hmget", -3, Read, KeyRange.One, MGet),
        new("hgetall", 2, CommandFlags.ReadOnly, KeyRange.One, GetAll),
        new("hkeys", 2, CommandFlags.ReadOnly, KeyRange.One, call => List(call, keys: true)),
        new("hvals", 2, CommandFlags.ReadOnly, KeyRange.One, call => List(call, keys: false)),
        new("hlen", 2, Read, KeyRange.One, Length),
        new("hstrlen", 3, Read, KeyRange.One, ValueLength),
        new("hexists", 3, Read, KeyRange.One, Exists),
        new("hdel", -3, Write, KeyRange.One, Delete),
        new("hincrby", 4, Grow, KeyRange.One, IncrBy),
        new("hincrbyfloat", 4, Grow, KeyRange.One, IncrByFloat),
        new("hrandfield", -2, CommandFlags.ReadOnly, KeyRange.One, RandomField),
        new("hscan", -3, CommandFlags.ReadOnly, KeyRange.One, call => Elements.Scan(call, ValueKind.Hash)),
    ];

    private static void Set(Call call, bool isOld)
    {
        if (call.Count % 2 != 0)
        {
            Refusals.Arity(call, call.Command);
            return;
        }
        if (!Typed.TryOpen(call, call[1], ValueKind.Hash, out var entry)) return;
        var added = 0;
        var map = Typed.Map(call, entry);
        for (var i = 2; i < call.Count; i += 2)
            if (Put(map, call[i], call[i + 1]))
                added++;
        call.Changed(call[1], EventKind.Hash, "hset"u8);
        if (isOld) call.Reply.Ok();
        else call.Reply.Integer(added);
    }

    private static bool Put(FieldMap map, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value)
    {
        var isNew = map.Put(field, value);
        Collection.Note(ValueKind.Hash, map, field, value.Length);
        return isNew;
    }

    private static void SetNx(Call call)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.Hash, out var entry)) return;
        if (!entry.IsNull && !Typed.Map(call, entry).Find(call[2]).IsNull)
        {
            call.Reply.Integer(0);
            return;
        }
        if (!Typed.TryOpen(call, call[1], ValueKind.Hash, out entry)) return;
        Put(Typed.Map(call, entry), call[2], call[3]);
        call.Changed(call[1], EventKind.Hash, "hset"u8);
        call.Reply.Integer(1);
    }

    private static Entry Field(Call call, Entry entry, ReadOnlySpan<byte> name) => entry.IsNull ? default : Typed.Map(call, entry).Find(name);

    private static void Get(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) Strings.Answer(call, Field(call, entry, call[2]));
    }

    private static void MGet(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) Strings.Answer(call, Field(call, entry, call[i]));
    }

    private static void GetAll(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) return;
        call.Reply.Map(entry.IsNull ? 0 : (int)Typed.Map(call, entry).Count);
        if (entry.IsNull) return;
        foreach (var field in Typed.Map(call, entry))
        {
            call.Reply.Bulk(field.Key);
            call.Reply.Bulk(field.Value);
        }
    }

    private static void List(Call call, bool keys)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) return;
        call.Reply.Array(entry.IsNull ? 0 : (int)Typed.Map(call, entry).Count);
        if (entry.IsNull) return;
        foreach (var field in Typed.Map(call, entry)) call.Reply.Bulk(keys ? field.Key : field.Value);
    }

    private static void Length(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) call.Reply.Integer(entry.IsNull ? 0 : Typed.Map(call, entry).Count);
    }

    private static void ValueLength(Call call)
    {
        if (!Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) return;
        var field = Field(call, entry, call[2]);
        call.Reply.Integer(field.IsNull ? 0 : field.ValueLength);
    }

    private static void Exists(Call call)
    {
        if (Typed.TryFind(call, call[1], ValueKind.Hash, out var entry)) call.Reply.Integer(Field(call, entry, call[2]).IsNull ? 0 : 1);
    }

    private static void Delete(Call call)
    {
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.Hash, out var entry)) return;
        var removed = 0;
        for (var i = 2; i < call.Count && !entry.IsNull; i++)
            if (Typed.Map(call, entry).Remove(call[i]))
                removed++;
        if (removed > 0)
        {
            call.Changed(call[1], EventKind.Hash, "hdel"u8);
            Typed.Settle(call, call[1], entry);
        }
        call.Reply.Integer(removed);
    }

    private static void IncrBy(Call call)
    {
        if (!call.TryInteger(3, out var by) || !Typed.TryFindForWrite(call, call[1], ValueKind.Hash, out var entry)) return;
        var field = Field(call, entry, call[2]);
        long number = 0;
        if (!field.IsNull && !RespNumber.TryInteger(field.Value, out number))
        {
            call.Reply.Error("ERR hash value is not an integer"u8);
            return;
        }
        if (by > 0 ? number > long.MaxValue - by : number < long.MinValue - by)
        {
            call.Reply.Error("ERR increment or decrement would overflow"u8);
            return;
        }
        if (!Typed.TryOpen(call, call[1], ValueKind.Hash, out entry)) return;
        number += by;
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(number, digits, out var length);
        Put(Typed.Map(call, entry), call[2], digits[..length]);
        call.Changed(call[1], EventKind.Hash, "hincrby"u8);
        call.Reply.Integer(number);
    }

    private static void IncrByFloat(Call call)
    {
        if (!LongDouble.TryParse(call[3], out var by))
        {
            call.Reply.Error(Errors.NotAFloat);
            return;
        }
        if (by.IsInfinite)
        {
            call.Reply.Error("ERR value is NaN or Infinity"u8);
            return;
        }
        if (!Typed.TryFindForWrite(call, call[1], ValueKind.Hash, out var entry)) return;
        var field = Field(call, entry, call[2]);
        if (!LongDouble.TryParse(field.IsNull ? "0"u8 : field.Value, out var number))
        {
            call.Reply.Error("ERR hash value is not a float"u8);
            return;
        }
        if (LongDouble.Add(number, by) is not { } sum)
        {
            call.Reply.Error("ERR increment would produce NaN or Infinity"u8);
            return;
        }
        if (!Typed.TryOpen(call, call[1], ValueKind.Hash, out entry)) return;
        Span<byte> text = stackalloc byte[LongDouble.MaxText];
        var length = LongDouble.Format(sum, text);
        Put(Typed.Map(call, entry), call[2], text[..length]);
        call.Changed(call[1], EventKind.Hash, "hincrbyfloat"u8);
        call.LogAs("hset"u8, call[1], [call[2].ToArray(), text[..length].ToArray()]);
        call.Reply.Bulk(text[..length]);
    }

    private static void RandomField(Call call)
    {
        if (call.Count == 2)
        {
            if (!Typed.TryFind(call, call[1], ValueKind.Hash, out var only)) return;
            if (only.IsNull) call.Reply.Null();
            else call.Reply.Bulk(Typed.Map(call, only).Sample(call.Executor.Random).Key);
            return;
        }
        Elements.AnswerSamples(call, ValueKind.Hash, "withvalues"u8);
    }
}
