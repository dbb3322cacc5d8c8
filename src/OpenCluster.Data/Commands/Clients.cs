using System.Globalization;
using System.Text;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>CLIENT: who is connected. Nobody sees the clients of another space.</summary>
internal static class Clients
{
    public static IEnumerable<Command> Commands =>
    [
        new("client", -2, CommandFlags.Fast, KeyRange.None, Subcommand.Choose("client",
            new("id", 2, call => call.Reply.Integer(call.Session.Id)),
            new("getname", 2, GetName),
            new("setname", 3, SetName),
            new("setinfo", 4, call => call.Reply.Ok()),
            new("list", -2, List),
            new("info", 2, call => call.Reply.Verbatim(Encoding.UTF8.GetBytes(Describe(call, call.Session) + "\n"))),
            new("kill", -3, Kill),
            new("unblock", -3, Unblock),
            new("no-evict", 3, call => call.Reply.Ok()),
            new("reply", 3, Reply))),
    ];

    /// <summary>A name has no blanks and no control characters. False: answered.</summary>
    public static bool TryName(Call call, int index, out string name)
    {
        name = Encoding.UTF8.GetString(call[index]);
        if (call[index].IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0) return true;
        call.Reply.Error("ERR Client names cannot contain spaces, newlines or special characters."u8);
        return false;
    }

    private static void GetName(Call call)
    {
        if (call.Session.Name.Length == 0) call.Reply.Null();
        else call.Reply.Bulk(call.Session.Name);
    }

    private static void SetName(Call call)
    {
        if (!TryName(call, 2, out var name)) return;
        call.Session.Name = name;
        call.Reply.Ok();
    }

    private static void List(Call call)
    {
        var text = new StringBuilder();
        foreach (var session in Visible(call)) text.Append(Describe(call, session)).Append('\n');
        call.Reply.Verbatim(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Kill(Call call)
    {
        var (id, address) = (0L, Encoding.UTF8.GetString(call[2]));
        var isOld = call.Count == 3;
        if (!isOld)
        {
            if (call.Count != 4 || !(call.Is(2, "id"u8) || call.Is(2, "addr"u8)))
            {
                call.Reply.Error(Errors.Syntax);
                return;
            }
            address = Encoding.UTF8.GetString(call[3]);
            if (call.Is(2, "id"u8) && !call.TryInteger(3, out id)) return;
        }
        var found = Visible(call).Where(s => id > 0 ? s.Id == id : s.Peer == address).ToList();
        foreach (var session in found)
        {
            // Who ends himself is told so first.
            if (session == call.Session) session.IsClosing = true;
            else session.CutOff();
        }
        if (!isOld) call.Reply.Integer(found.Count);
        else if (found.Count > 0) call.Reply.Ok();
        else call.Reply.Error("ERR No such client"u8);
    }

    private static void Unblock(Call call)
    {
        var isError = call.Count == 4 && call.Is(3, "error"u8);
        if (call.Count > 4)
        {
            call.Reply.Error("ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP."u8);
            return;
        }
        if (call.Count == 4 && !isError && !call.Is(3, "timeout"u8))
        {
            call.Reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"u8);
            return;
        }
        if (!call.TryInteger(2, out var id)) return;
        var waiting = Visible(call).FirstOrDefault(s => s.Id == id)?.Waiting;
        if (waiting is not null) call.Executor.GiveUp(waiting, isError);
        call.Reply.Integer(waiting is null ? 0 : 1);
    }

    private static void Reply(Call call)
    {
        if (call.Is(2, "on"u8)) call.Reply.Ok();
        else call.Reply.Error("ERR CLIENT REPLY OFF and SKIP are not there: every command is answered."u8);
    }

    private static IEnumerable<Session> Visible(Call call) => call.Executor.Sessions.Values.Where(s => s.Space == call.Space);

    private static string Describe(Call call, Session session) => string.Create(CultureInfo.InvariantCulture,
        $"id={session.Id} addr={session.Peer} name={session.Name} age={(call.Now - session.ConnectedAt) / 1000} idle={(call.Now - session.LastSeenAt) / 1000} "
        + $"flags={(session.Waiting is not null ? "b" : session.SubscriptionCount > 0 ? "P" : session.Transaction is { IsOpen: true } ? "x" : "N")} db=0 sub={session.Subscriptions(false).Count} psub={session.Subscriptions(true).Count} multi={(session.Transaction is { IsOpen: true } t ? t.Commands.Count : -1)} "
        + $"cmd={session.LastCommand?.Name ?? "NULL"} user={session.User?.Name} resp={session.Reply.Protocol}");
}
