using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>Parts of strings: APPEND, GETRANGE, SETRANGE.</summary>
internal static class Ranges
{
    private const CommandFlags Write = CommandFlags.Write | CommandFlags.DenyMemory;

    public static IEnumerable<Command> Commands =>
    [
        new("append", 3, Write | CommandFlags.Fast, KeyRange.One, Append),
        new("getrange", 4, CommandFlags.ReadOnly, KeyRange.One, GetRange),
        new("substr", 4, CommandFlags.ReadOnly, KeyRange.One, GetRange),
        new("setrange", 4, Write, KeyRange.One, SetRange),
    ];

    /// <summary>Whether a string may get this long; answered when not.</summary>
    public static bool Allows(Call call, long length)
    {
        if (length <= Limits.MaxValueBytes) return true;
        call.Reply.Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"u8);
        return false;
    }

    /// <summary>Start and end as clients give them, negative ones from the end, as an offset and a length within <paramref name="length"/>.</summary>
    public static (int Start, int Length) Clamp(long start, long end, int length)
    {
        if (start < 0 && end < 0 && start > end) return (0, 0);
        if (start < 0) start = Math.Max(0, start + length);
        if (end < 0) end = Math.Max(0, end + length);
        end = Math.Min(end, length - 1L);
        return start > end || length == 0 ? (0, 0) : ((int)start, (int)(end - start + 1));
    }

    /// <summary>As <see cref="Clamp"/>, for elements in order: what ends before the first one is empty.</summary>
    public static (int Start, int Length) ClampElements(long start, long end, int count)
    {
        if (start < 0) start = Math.Max(0, start + count);
        if (end < 0) end += count;
        end = Math.Min(end, count - 1L);
        return start > end || start >= count ? (0, 0) : ((int)start, (int)(end - start + 1));
    }

    private static void Append(Call call)
    {
        if (!Strings.TryFind(call, call[1], out var entry)) return;
        var before = entry.IsNull ? 0 : entry.ValueLength;
        if (!Allows(call, (long)before + call[2].Length)) return;
        if (entry.IsNull) entry = call.Keys.SetString(call[1], call[2], 0);
        else
        {
            entry = call.Keys.Resize(call[1], before + call[2].Length);
            call[2].CopyTo(entry.Value[before..]);
        }
        call.Changed(call[1], EventKind.String, "append"u8);
        call.Reply.Integer(entry.ValueLength);
    }

    private static void GetRange(Call call)
    {
        if (!call.TryInteger(2, out var start) || !call.TryInteger(3, out var end) || !Strings.TryFind(call, call[1], out var entry)) return;
        if (entry.IsNull)
        {
            call.Reply.Bulk([]);
            return;
        }
        var (offset, length) = Clamp(start, end, entry.ValueLength);
        call.Reply.Bulk(entry.Value.Slice(offset, length));
    }

    private static void SetRange(Call call)
    {
        if (!call.TryInteger(2, out var offset)) return;
        if (offset < 0)
        {
            call.Reply.Error("ERR offset is out of range"u8);
            return;
        }
        if (!Strings.TryFind(call, call[1], out var entry)) return;
        var before = entry.IsNull ? 0 : entry.ValueLength;
        var value = call[3];
        if (value.IsEmpty)
        {
            call.Reply.Integer(before);
            return;
        }
        if (offset > Limits.MaxValueBytes || !Allows(call, offset + value.Length))
        {
            if (offset > Limits.MaxValueBytes) Allows(call, offset);
            return;
        }
        if (entry.IsNull) call.Keys.SetString(call[1], [], 0);
        entry = call.Keys.Resize(call[1], (int)Math.Max(before, offset + value.Length));
        value.CopyTo(entry.Value[(int)offset..]);
        call.Changed(call[1], EventKind.String, "setrange"u8);
        call.Reply.Integer(entry.ValueLength);
    }
}

/// <summary>What one value may be.</summary>
internal static class Limits
{
    /// <summary>The longest string: it fits, with its command, into one record of the log.</summary>
    public const int MaxValueBytes = 32 * 1024 * 1024;
}
