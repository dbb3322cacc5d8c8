using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>Publish and subscribe. Channels belong to a space, as keys do.</summary>
internal static class PubSub
{
    private const CommandFlags Flags = CommandFlags.PubSub | CommandFlags.Fast;

    public static IEnumerable<Command> Commands =>
    [
        new("publish", 3, Flags, KeyRange.None, call => call.Reply.Integer(call.Space.Channels.Publish(call[1], call[2]))),
        new("subscribe", -2, Flags | CommandFlags.Listening, KeyRange.None, call => Listen(call, isPattern: false)),
        new("psubscribe", -2, Flags | CommandFlags.Listening, KeyRange.None, call => Listen(call, isPattern: true)),
        new("unsubscribe", -1, Flags | CommandFlags.Listening, KeyRange.None, call => Leave(call, isPattern: false)),
        new("punsubscribe", -1, Flags | CommandFlags.Listening, KeyRange.None, call => Leave(call, isPattern: true)),
        new("pubsub", -2, Flags, KeyRange.None, Subcommand.Choose("pubsub",
            new("channels", -2, Names), new("numsub", -2, Counts), new("numpat", 2, call => call.Reply.Integer(call.Space.Channels.Patterns)))),
    ];

    private static void Listen(Call call, bool isPattern)
    {
        var session = call.Session;
        for (var i = 1; i < call.Count; i++)
        {
            var name = call[i].ToArray();
            if (session.Subscriptions(isPattern).Add(name)) call.Space.Channels.Add(name, session, isPattern);
            Confirm(call, isPattern ? "psubscribe"u8 : "subscribe"u8, name);
        }
    }

    private static void Leave(Call call, bool isPattern)
    {
        var session = call.Session;
        var what = isPattern ? "punsubscribe"u8 : "unsubscribe"u8;
        var names = call.Count > 1 ? [.. Enumerable.Range(1, call.Count - 1).Select(i => call[i].ToArray())] : session.Subscriptions(isPattern).ToList();
        foreach (var name in names)
        {
            if (session.Subscriptions(isPattern).Remove(name)) call.Space.Channels.Remove(name, session, isPattern);
            Confirm(call, what, name);
        }
        if (names.Count == 0) Confirm(call, what, null);
    }

    private static void Confirm(Call call, ReadOnlySpan<byte> what, byte[]? name)
    {
        call.Reply.Push(3);
        call.Reply.Bulk(what);
        if (name is null) call.Reply.Null();
        else call.Reply.Bulk(name);
        call.Reply.Integer(call.Session.SubscriptionCount);
    }

    private static void Names(Call call)
    {
        if (call.Count > 3)
        {
            call.Reply.Error("ERR wrong number of arguments for 'pubsub|channels' command"u8);
            return;
        }
        var pattern = call.Count == 3 ? call[2].ToArray() : null;
        var names = call.Space.Channels.Names.Where(n => pattern is null || Glob.Matches(pattern, n)).ToList();
        call.Reply.Array(names.Count);
        foreach (var name in names) call.Reply.Bulk(name);
    }

    private static void Counts(Call call)
    {
        call.Reply.Array((call.Count - 2) * 2);
        for (var i = 2; i < call.Count; i++)
        {
            call.Reply.Bulk(call[i]);
            call.Reply.Integer(call.Space.Channels.Listeners(call[i]));
        }
    }
}
