using System.Text;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>LMPOP and ZMPOP: takes several elements from the first of some keys that holds any.</summary>
internal sealed class MultiPop
{
    public static readonly MultiPop List = new(ValueKind.List, "left", "right");
    public static readonly MultiPop SortedSet = new(ValueKind.SortedSet, "min", "max");

    private readonly ValueKind kind;
    private readonly byte[] front;
    private readonly byte[] back;

    private MultiPop(ValueKind kind, string front, string back) => (this.kind, this.front, this.back) = (kind, Encoding.ASCII.GetBytes(front), Encoding.ASCII.GetBytes(back));

    public static IEnumerable<Command> Commands =>
    [
        new("lmpop", -4, CommandFlags.Write, KeyRange.None, List.Run),
        new("zmpop", -4, CommandFlags.Write, KeyRange.None, SortedSet.Run),
    ];

    internal readonly record struct Options(int First, int Last, bool IsFront, long Count);

    /// <summary>Reads the number of keys at <paramref name="at"/>, the keys, the end and the count. False: answered.</summary>
    public bool TryParse(Call call, int at, out Options options)
    {
        options = default;
        if (!call.TryInteger(at, out var keys, "ERR numkeys should be greater than 0"u8)) return false;
        if (keys < 1) return Wrong(call, "ERR numkeys should be greater than 0"u8);
        if (keys >= call.Count - at - 1) return Wrong(call, Errors.Syntax);
        var end = at + 1 + (int)keys;
        var isFront = call.Is(end, front);
        if (!isFront && !call.Is(end, back)) return Wrong(call, Errors.Syntax);
        long count = 1;
        for (var i = end + 1; i < call.Count; i += 2)
        {
            if (i > end + 1 || !call.Is(i, "count"u8) || i + 1 == call.Count) return Wrong(call, Errors.Syntax);
            if (!call.TryInteger(i + 1, out count, "ERR count should be greater than 0"u8)) return false;
            if (count < 1) return Wrong(call, "ERR count should be greater than 0"u8);
        }
        options = new Options(at + 1, end - 1, isFront, count);
        return true;
    }

    /// <summary>False: there is nothing at any key, and nothing was answered.</summary>
    public bool TryPop(Call call, Options options)
    {
        for (var i = options.First; i <= options.Last; i++)
        {
            if (!Typed.TryFindForWrite(call, call[i], kind, out var entry)) return true;
            if (entry.IsNull) continue;
            call.Reply.Array(2);
            call.Reply.Bulk(call[i]);
            if (kind == ValueKind.List) Lists.PopMany(call, i, entry, options.IsFront, options.Count);
            else SortedSets.PopMany(call, i, entry, options.IsFront, options.Count);
            return true;
        }
        return false;
    }

    private void Run(Call call)
    {
        if (TryParse(call, 1, out var options) && !TryPop(call, options)) call.Reply.NullArray();
    }

    private static bool Wrong(Call call, ReadOnlySpan<byte> what)
    {
        call.Reply.Error(what);
        return false;
    }
}
