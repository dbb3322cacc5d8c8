using OpenCluster.Data.Execution;
using OpenCluster.Resp;

namespace OpenCluster.Data.Commands;

/// <summary>Commands that wait until there is something to take: BLPOP, BLMOVE, BZPOPMIN and their like.</summary>
internal static class Blocking
{
    private const CommandFlags Wait = CommandFlags.Write | CommandFlags.Blocking;
    private const CommandFlags Move = Wait | CommandFlags.DenyMemory;

    /// <summary>All arguments but the last, which is the time.</summary>
    private static readonly KeyRange AllButLast = new(1, -2, 1);

    public static IEnumerable<Command> Commands =>
    [
        new("blpop", -3, Wait, AllButLast, call => Pop(call, key => Lists.TryTake(call, key, first: true))),
        new("brpop", -3, Wait, AllButLast, call => Pop(call, key => Lists.TryTake(call, key, first: false))),
        new("bzpopmin", -3, Wait, AllButLast, call => Pop(call, key => SortedSets.TryTake(call, key, isLeast: true))),
        new("bzpopmax", -3, Wait, AllButLast, call => Pop(call, key => SortedSets.TryTake(call, key, isLeast: false))),
        new("brpoplpush", 4, Move, KeyRange.Two, call => MoveOne(call, 3, fromFirst: false, toFirst: true)),
        new("blmove", 6, Move, KeyRange.Two, MoveEnds),
        new("blmpop", -5, Wait, KeyRange.None, call => PopMany(call, MultiPop.List)),
        new("bzmpop", -5, Wait, KeyRange.None, call => PopMany(call, MultiPop.SortedSet)),
    ];

    /// <summary>False: there is nothing at the key that is this argument, and nothing was answered.</summary>
    private delegate bool Take(int key);

    private static void Pop(Call call, Take take)
    {
        if (!TryTime(call, call.Count - 1, out var until)) return;
        for (var i = 1; i < call.Count - 1; i++)
            if (take(i))
                return;
        call.WaitFor(1, call.Count - 2, until, call.Reply.NullArray);
    }

    private static void MoveEnds(Call call)
    {
        if (Lists.TryEnd(call, 3, out var fromFirst) && Lists.TryEnd(call, 4, out var toFirst)) MoveOne(call, 5, fromFirst, toFirst);
    }

    private static void MoveOne(Call call, int time, bool fromFirst, bool toFirst)
    {
        if (!TryTime(call, time, out var until)) return;
        if (!Lists.TryMove(call, fromFirst, toFirst)) call.WaitFor(1, 1, until, call.Reply.Null);
    }

    private static void PopMany(Call call, MultiPop pop)
    {
        if (!pop.TryParse(call, 2, out var options) || !TryTime(call, 1, out var until)) return;
        if (!pop.TryPop(call, options)) call.WaitFor(options.First, options.Last, until, call.Reply.NullArray);
    }

    /// <summary>Seconds, with a fraction; 0: for ever. False: answered.</summary>
    private static bool TryTime(Call call, int index, out long until)
    {
        until = 0;
        if (!RespNumber.TryDouble(call[index], out var seconds) || !double.IsFinite(seconds)) call.Reply.Error("ERR timeout is not a float or out of range"u8);
        else if (seconds < 0) call.Reply.Error("ERR timeout is negative"u8);
        else if (seconds * 1000 > long.MaxValue - call.Now) call.Reply.Error("ERR timeout is out of range"u8);
        else
        {
            until = seconds == 0 ? 0 : call.Now + (long)Math.Ceiling(seconds * 1000);
            return true;
        }
        return false;
    }
}
