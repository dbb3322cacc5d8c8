using System.Text;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>COMMAND: which commands there are, for clients that route or complete by it.</summary>
internal static class Describing
{
    private static readonly (CommandFlags Flag, string Name)[] FlagNames =
    [
        (CommandFlags.Write, "write"), (CommandFlags.ReadOnly, "readonly"), (CommandFlags.DenyMemory, "denyoom"), (CommandFlags.Admin, "admin"),
        (CommandFlags.PubSub, "pubsub"), (CommandFlags.NoAuth, "no_auth"), (CommandFlags.Fast, "fast"), (CommandFlags.Blocking, "blocking"),
    ];

    private static readonly Handler Subcommands = Subcommand.Choose("command",
        new("count", 2, call => call.Reply.Integer(call.Executor.Table.All.Count)),
        new("docs", -2, call => call.Reply.Map(0)),
        new("list", -2, List),
        new("info", -2, Info),
        new("getkeys", -3, GetKeys));

    public static void Answer(Call call)
    {
        if (call.Count > 1)
        {
            Subcommands(call);
            return;
        }
        call.Reply.Array(call.Executor.Table.All.Count);
        foreach (var command in call.Executor.Table.All) Describe(call, command);
    }

    private static void List(Call call)
    {
        call.Reply.Array(call.Executor.Table.All.Count);
        foreach (var command in call.Executor.Table.All) call.Reply.Bulk(command.Name);
    }

    private static void Info(Call call)
    {
        if (call.Count == 2)
        {
            call.Reply.Array(call.Executor.Table.All.Count);
            foreach (var command in call.Executor.Table.All) Describe(call, command);
            return;
        }
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++)
        {
            if (call.Executor.Table.Find(call[i]) is { } command) Describe(call, command);
            else call.Reply.NullArray();
        }
    }

    private static void GetKeys(Call call)
    {
        if (call.Executor.Table.Find(call[2]) is not { } command)
        {
            call.Reply.Error("ERR Invalid command specified"u8);
            return;
        }
        var count = call.Count - 2;
        if (!command.Takes(count) || command.Keys.Step == 0)
        {
            call.Reply.Error(command.Keys.Step == 0 ? "ERR The command has no key arguments"u8 : "ERR Invalid number of arguments specified for command"u8);
            return;
        }
        var last = command.Keys.Last < 0 ? count + command.Keys.Last : command.Keys.Last;
        call.Reply.Array((last - command.Keys.First) / command.Keys.Step + 1);
        for (var i = command.Keys.First; i <= last; i += command.Keys.Step) call.Reply.Bulk(call[i + 2]);
    }

    private static void Describe(Call call, Command command)
    {
        var flags = FlagNames.Where(f => command.Flags.HasFlag(f.Flag)).ToArray();
        call.Reply.Array(10);
        call.Reply.Bulk(command.Name);
        call.Reply.Integer(command.Arity);
        call.Reply.Set(flags.Length);
        foreach (var (_, name) in flags) call.Reply.Simple(Encoding.ASCII.GetBytes(name));
        call.Reply.Integer(command.Keys.First);
        call.Reply.Integer(command.Keys.Last);
        call.Reply.Integer(command.Keys.Step);
        // Categories, hints, key specifications and subcommands are not described.
        for (var i = 0; i < 4; i++) call.Reply.Array(0);
    }
}
