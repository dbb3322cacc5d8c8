using OpenCluster.Data.Execution;
using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Commands;

/// <summary>SLOWLOG: what took long in this space.</summary>
internal static class Slow
{
    private const int ShownWords = 32;
    private const int ShownBytes = 128;
    private const int ShownByDefault = 10;

    public static IEnumerable<Command> Commands =>
    [
        new("slowlog", -2, CommandFlags.None, KeyRange.None, Subcommand.Choose("slowlog",
            new("get", -2, Get), new("len", 2, call => call.Reply.Integer(call.Space.SlowLog.Count)), new("reset", 2, Reset))),
    ];

    /// <summary>Notes a command that was just carried out.</summary>
    public static void Note(Call call, TimeSpan took)
    {
        var words = new List<byte[]>();
        for (var i = 0; i < Math.Min(call.Count, ShownWords); i++) words.Add(call[i][..Math.Min(call[i].Length, ShownBytes)].ToArray());
        call.Space.SlowLog.Add(call.Now, took, words, call.Session.Peer, call.Session.Name);
    }

    private static void Get(Call call)
    {
        long count = ShownByDefault;
        if (call.Count > 3)
        {
            call.Reply.Error("ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP."u8);
            return;
        }
        if (call.Count == 3)
        {
            if (!call.TryInteger(2, out count, "ERR count should be greater than or equal to -1"u8)) return;
            if (count < -1)
            {
                call.Reply.Error("ERR count should be greater than or equal to -1"u8);
                return;
            }
            if (count == -1) count = SlowLog.Kept;
        }
        var shown = call.Space.SlowLog.Latest.Take((int)Math.Min(count, SlowLog.Kept)).ToList();
        call.Reply.Array(shown.Count);
        foreach (var slow in shown)
        {
            call.Reply.Array(6);
            call.Reply.Integer(slow.Id);
            call.Reply.Integer(slow.At / 1000);
            call.Reply.Integer((long)slow.Took.TotalMicroseconds);
            call.Reply.Array(slow.Words.Count);
            foreach (var word in slow.Words) call.Reply.Bulk(word);
            call.Reply.Bulk(slow.Peer);
            call.Reply.Bulk(slow.Client);
        }
    }

    private static void Reset(Call call)
    {
        call.Space.SlowLog.Clear();
        call.Reply.Ok();
    }
}
