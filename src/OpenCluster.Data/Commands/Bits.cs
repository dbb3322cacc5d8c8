using System.Numerics;
using OpenCluster.Data.Execution;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>Strings as rows of bits, the highest of the first byte being bit 0: SETBIT, BITCOUNT, BITPOS, BITOP.</summary>
internal static class Bits
{
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.DenyMemory;

    public static IEnumerable<Command> Commands =>
    [
        new("getbit", 3, CommandFlags.ReadOnly | CommandFlags.Fast, KeyRange.One, Get),
        new("setbit", 4, Write, KeyRange.One, Set),
        new("bitcount", -2, CommandFlags.ReadOnly, KeyRange.One, Count),
        new("bitpos", -3, CommandFlags.ReadOnly, KeyRange.One, Find),
        new("bitop", -4, Write, new KeyRange(2, -1, 1), Combine),
    ];

    private static bool TryOffset(Call call, out long offset)
    {
        if (!call.TryInteger(2, out offset, "ERR bit offset is not an integer or out of range"u8)) return false;
        if (offset >= 0 && offset >> 3 < Limits.MaxValueBytes) return true;
        call.Reply.Error("ERR bit offset is not an integer or out of range"u8);
        return false;
    }

    private static bool At(ReadOnlySpan<byte> bytes, long bit) => bit >> 3 < bytes.Length && (bytes[(int)(bit >> 3)] >> (int)(7 - (bit & 7)) & 1) != 0;

    private static void Get(Call call)
    {
        if (TryOffset(call, out var offset) && Strings.TryFind(call, call[1], out var entry)) call.Reply.Integer(!entry.IsNull && At(entry.Value, offset) ? 1 : 0);
    }

    private static void Set(Call call)
    {
        if (!TryOffset(call, out var offset) || !call.TryInteger(3, out var bit, "ERR bit is not an integer or out of range"u8)) return;
        if (bit is not (0 or 1))
        {
            call.Reply.Error("ERR bit is not an integer or out of range"u8);
            return;
        }
        if (!Strings.TryFind(call, call[1], out var entry)) return;
        if (entry.IsNull) entry = call.Keys.SetString(call[1], [], 0);
        entry = call.Keys.Resize(call[1], (int)Math.Max(entry.ValueLength, (offset >> 3) + 1));
        var before = At(entry.Value, offset);
        var mask = (byte)(0x80 >> (int)(offset & 7));
        ref var octet = ref entry.Value[(int)(offset >> 3)];
        octet = (byte)(bit == 1 ? octet | mask : octet & ~mask);
        call.Changed(call[1], EventKind.String, "setbit"u8);
        call.Reply.Integer(before ? 1 : 0);
    }

    private static void Count(Call call)
    {
        if (!Strings.TryFind(call, call[1], out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Integer(0);
            return;
        }
        var (first, last) = (0L, entry.ValueLength * 8L - 1);
        if (call.Count > 2 && (!HasBounds(call, 4) || !TryBounds(call, 2, 3, 4, entry.ValueLength, out first, out last))) return;
        // BITPOS, as Redis has it, knows no such case: in a string of one byte it finds that byte.
        call.Reply.Integer(IsBackward(call) ? 0 : CountOnes(entry.Value, first, last));
    }

    /// <summary>Whether start and end are both counted from the end, and the end comes first.</summary>
    private static bool IsBackward(Call call) =>
        call.Count > 3 && RespNumber.TryInteger(call[2], out var start) && RespNumber.TryInteger(call[3], out var end) && start < 0 && end < 0 && start > end;

    private static bool HasBounds(Call call, int unit)
    {
        if (call.Count == unit || call.Count == unit + 1) return true;
        call.Reply.Error(Errors.Syntax);
        return false;
    }

    /// <summary>The bits that a start and an end mean, in bytes or, when the word says so, in bits; the last before the first: none. False: answered.</summary>
    private static bool TryBounds(Call call, int start, int end, int unit, int length, out long first, out long last)
    {
        (first, last) = (0, -1);
        if (!call.TryInteger(start, out first)) return false;
        if (end < call.Count && !call.TryInteger(end, out last)) return false;
        if (!TryUnit(call, unit, out var isBit)) return false;
        var total = isBit ? length * 8L : length;
        if (first < 0) first = Math.Max(0, first + total);
        if (last < 0) last = Math.Max(0, last + total);
        last = Math.Min(last, total - 1);
        if (!isBit && first <= last) (first, last) = (first * 8, last * 8 + 7);
        return true;
    }

    private static bool TryUnit(Call call, int unit, out bool isBit)
    {
        isBit = call.Count > unit && call.Is(unit, "bit"u8);
        if (isBit || call.Count <= unit || call.Is(unit, "byte"u8)) return true;
        call.Reply.Error(Errors.Syntax);
        return false;
    }

    private static long CountOnes(ReadOnlySpan<byte> bytes, long first, long last)
    {
        long ones = 0;
        for (; first <= last && (first & 7) != 0; first++) ones += At(bytes, first) ? 1 : 0;
        for (; last >= first && (last & 7) != 7; last--) ones += At(bytes, last) ? 1 : 0;
        if (first > last) return ones;
        foreach (var octet in bytes[(int)(first >> 3)..(int)((last >> 3) + 1)]) ones += BitOperations.PopCount(octet);
        return ones;
    }

    private static void Find(Call call)
    {
        if (!call.TryInteger(2, out var bit)) return;
        if (bit is not (0 or 1))
        {
            call.Reply.Error("ERR The bit argument must be 1 or 0."u8);
            return;
        }
        var entry = call.Keys.Find(call[1]);
        if (entry.IsNull)
        {
            call.Reply.Integer(bit == 1 ? -1 : 0);
            return;
        }
        if (!Strings.TryFind(call, call[1], out entry)) return;
        if (call.Count > 6)
        {
            call.Reply.Error(Errors.Syntax);
            return;
        }
        var (first, last) = (0L, entry.ValueLength * 8L - 1);
        // The unit is looked at before the end, as with Redis.
        if (call.Count > 3 && (!call.TryInteger(3, out _) || !TryUnit(call, 5, out _))) return;
        if (call.Count > 3 && !TryBounds(call, 3, 4, 5, entry.ValueLength, out first, out last)) return;
        call.Reply.Integer(Position(entry.Value, bit == 1, first, last, hasEnd: call.Count > 4));
    }

    private static long Position(ReadOnlySpan<byte> bytes, bool bit, long first, long last, bool hasEnd)
    {
        if (first > last) return -1;
        var skipped = bit ? (byte)0 : (byte)0xff;
        for (var at = first; at <= last;)
        {
            if ((at & 7) == 0 && bytes[(int)(at >> 3)] == skipped) at += 8;
            else if (At(bytes, at) == bit) return at;
            else at++;
        }
        // Behind the last byte there are zeros, unless somebody said where to end.
        return bit || hasEnd ? -1 : last + 1;
    }

    private static void Combine(Call call)
    {
        var isNot = call.Is(1, "not"u8);
        Func<byte, byte, byte>? combine = isNot ? (_, b) => (byte)~b
            : call.Is(1, "and"u8) ? (a, b) => (byte)(a & b)
            : call.Is(1, "or"u8) ? (a, b) => (byte)(a | b)
            : call.Is(1, "xor"u8) ? (a, b) => (byte)(a ^ b)
            : null;
        if (combine is null || (isNot && call.Count != 4))
        {
            call.Reply.Error(combine is null ? Errors.Syntax : "ERR BITOP NOT must be called with a single source key."u8);
            return;
        }
        var sources = new byte[call.Count - 3][];
        for (var i = 0; i < sources.Length; i++)
        {
            if (!Strings.TryFind(call, call[i + 3], out var entry)) return;
            sources[i] = entry.IsNull ? [] : entry.Value.ToArray();
        }
        var result = new byte[sources.Max(s => s.Length)];
        for (var i = 0; i < result.Length; i++)
        {
            var octet = i < sources[0].Length ? sources[0][i] : (byte)0;
            if (isNot) octet = combine(0, octet);
            foreach (var source in sources.AsSpan(1)) octet = combine(octet, i < source.Length ? source[i] : (byte)0);
            result[i] = octet;
        }
        if (result.Length > 0)
        {
            call.Keys.SetString(call[2], result, 0);
            call.Changed(call[2], EventKind.String, "set"u8);
        }
        else if (call.Keys.Remove(call[2]))
        {
            call.Changed(call[2], EventKind.Generic, "del"u8);
        }
        call.Reply.Integer(result.Length);
    }
}
