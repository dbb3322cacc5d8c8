using System.Buffers.Text;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>Strings that are numbers: INCR and its family.</summary>
internal static class Counters
{
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.DenyMemory | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("incr", 2, Write, KeyRange.One, call => Add(call, 1)),
        new("decr", 2, Write, KeyRange.One, call => Add(call, -1)),
        new("incrby", 3, Write, KeyRange.One, IncrBy),
        new("decrby", 3, Write, KeyRange.One, DecrBy),
        new("incrbyfloat", 3, Write, KeyRange.One, IncrByFloat),
    ];

    private static void IncrBy(Call call)
    {
        if (call.TryInteger(2, out var by)) Add(call, by);
    }

    private static void DecrBy(Call call)
    {
        if (!call.TryInteger(2, out var by)) return;
        if (by == long.MinValue) call.Reply.Error("ERR decrement would overflow"u8);
        else Add(call, -by);
    }

    private static void Add(Call call, long by)
    {
        if (!Strings.TryFind(call, call[1], out var entry)) return;
        long number = 0;
        if (!entry.IsNull && !RespNumber.TryInteger(entry.Value, out number))
        {
            call.Reply.Error(Errors.NotAnInteger);
            return;
        }
        if (by > 0 ? number > long.MaxValue - by : number < long.MinValue - by)
        {
            call.Reply.Error("ERR increment or decrement would overflow"u8);
            return;
        }
        number += by;
        Span<byte> digits = stackalloc byte[24];
        Utf8Formatter.TryFormat(number, digits, out var length);
        Keep(call, entry, digits[..length]);
        call.Changed(call[1], EventKind.String, "incrby"u8);
        call.Reply.Integer(number);
    }

    private static void IncrByFloat(Call call)
    {
        if (!Strings.TryFind(call, call[1], out var entry)) return;
        if (!LongDouble.TryParse(entry.IsNull ? "0"u8 : entry.Value, out var number) || !LongDouble.TryParse(call[2], out var by))
        {
            call.Reply.Error(Errors.NotAFloat);
            return;
        }
        if (LongDouble.Add(number, by) is not { } sum)
        {
            call.Reply.Error("ERR increment would produce NaN or Infinity"u8);
            return;
        }
        Span<byte> text = stackalloc byte[LongDouble.MaxText];
        var length = LongDouble.Format(sum, text);
        Keep(call, entry, text[..length]);
        call.Changed(call[1], EventKind.String, "incrbyfloat"u8);
        call.LogAs("set"u8, call[1], text[..length], "keepttl"u8);
        call.Reply.Bulk(text[..length]);
    }

    private static void Keep(Call call, Entry entry, ReadOnlySpan<byte> text) =>
        call.Keys.SetString(call[1], text, !entry.IsNull && entry.Expires ? entry.ExpiresAt : 0);
}
