using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>MULTI, EXEC, DISCARD, WATCH, UNWATCH.</summary>
internal static class Transactions
{
    private const CommandFlags Flags = CommandFlags.Fast | CommandFlags.EndsMulti;

    public static IEnumerable<Command> Commands =>
    [
        new("multi", 1, Flags, KeyRange.None, Multi),
        new("exec", 1, CommandFlags.EndsMulti, KeyRange.None, Exec),
        new("discard", 1, Flags, KeyRange.None, Discard),
        new("watch", -2, Flags, KeyRange.All, Watch),
        new("unwatch", 1, CommandFlags.Fast, KeyRange.None, Unwatch),
    ];

    private static void Multi(Call call)
    {
        var transaction = call.Session.Transaction ??= new Transaction(call.Space);
        if (transaction.IsOpen)
        {
            call.Reply.Error("ERR MULTI calls can not be nested"u8);
            return;
        }
        transaction.IsOpen = true;
        call.Reply.Ok();
    }

    private static void Exec(Call call)
    {
        if (call.Session.Transaction is not { IsOpen: true } transaction)
        {
            call.Reply.Error("ERR EXEC without MULTI"u8);
            return;
        }
        transaction.Look();
        End(call.Session);
        if (transaction.IsRefused) call.Reply.Error("EXECABORT Transaction discarded because of previous errors."u8);
        else if (transaction.IsBroken) call.Reply.NullArray();
        else if (call.Executor.Log?.Failure is { } failure) call.Reply.Error("EXECABORT Transaction discarded because of: MISCONF " + failure.Message);
        else
        {
            call.Reply.Array(transaction.Commands.Count);
            call.Executor.RunGathered(call.Session, call.Space, transaction.Commands);
        }
    }

    private static void Discard(Call call)
    {
        if (call.Session.Transaction is not { IsOpen: true })
        {
            call.Reply.Error("ERR DISCARD without MULTI"u8);
            return;
        }
        End(call.Session);
        call.Reply.Ok();
    }

    private static void Watch(Call call)
    {
        var transaction = call.Session.Transaction ??= new Transaction(call.Space);
        if (transaction.IsOpen)
        {
            call.Reply.Error("ERR WATCH inside MULTI is not allowed"u8);
            return;
        }
        for (var i = 1; i < call.Count; i++)
        {
            // One whose time has come goes first: that is no change of what is watched from now on.
            call.Keys.Peek(call[i]);
            transaction.Watch(call[i]);
        }
        call.Reply.Ok();
    }

    private static void Unwatch(Call call)
    {
        if (call.Session.Transaction is { IsOpen: false }) End(call.Session);
        call.Reply.Ok();
    }

    /// <summary>The transaction is the session's no more; whether it was broken stays known.</summary>
    public static void End(Session session)
    {
        if (session.Transaction is not { } transaction) return;
        var isBroken = transaction.IsBroken;
        transaction.Unwatch();
        transaction.IsBroken = isBroken;
        session.Transaction = null;
    }
}
