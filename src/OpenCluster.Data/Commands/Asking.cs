using OpenCluster.Data.Execution;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Commands;

/// <summary>What can be asked of the server: COMMAND, CONFIG GET, TIME, ROLE, WAIT, OBJECT, MEMORY.</summary>
internal static class Asking
{
    public static IEnumerable<Command> Commands =>
    [
        .. Clients.Commands,
        new("info", -1, CommandFlags.None, KeyRange.None, Info.Answer),
        new("command", -1, CommandFlags.None, KeyRange.None, Describing.Answer),
        new("config", -2, CommandFlags.None, KeyRange.None, Subcommand.Choose("config",
            new("get", -3, Configuration.Get), new("set", -4, Configuration.Set), new("resetstat", 2, ResetStatistics))),
        new("time", 1, CommandFlags.Fast, KeyRange.None, Time),
        new("role", 1, CommandFlags.Fast, KeyRange.None, Role),
        new("wait", 3, CommandFlags.NoMulti, KeyRange.None, Wait),
        new("object", -2, CommandFlags.ReadOnly, new KeyRange(2, 2, 1), Subcommand.Choose("object",
            new("encoding", 3, Encode), new("idletime", 3, IdleTime), new("freq", 3, Frequency), new("refcount", 3, RefCount))),
        new("memory", -2, CommandFlags.ReadOnly, KeyRange.None, Subcommand.Choose("memory", new Subcommand("usage", -3, MemoryUsage))),
        new("bgsave", -1, CommandFlags.Admin | CommandFlags.NoMulti, KeyRange.None, call => Snapshot(call, "Background saving started"u8)),
        new("bgrewriteaof", 1, CommandFlags.Admin | CommandFlags.NoMulti, KeyRange.None, call => Snapshot(call, "Background append only file rewriting started"u8)),
        new("lastsave", 1, CommandFlags.Fast, KeyRange.None, call => call.Reply.Integer(call.Executor.LastSnapshotAt / 1000)),
    ];

    private static void Time(Call call)
    {
        var now = call.Executor.Time.GetUtcNow();
        call.Reply.Array(2);
        call.Reply.BulkInteger(now.ToUnixTimeSeconds());
        call.Reply.BulkInteger((now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond % 1_000_000);
    }

    private static void Role(Call call)
    {
        call.Reply.Array(3);
        call.Reply.Bulk("master"u8);
        call.Reply.Integer(call.Executor.Log?.Position ?? 0);
        call.Reply.Array(0);
    }

    /// <summary>There are no replicas, so none has acknowledged and none ever will: the answer need not wait.</summary>
    private static void Wait(Call call)
    {
        if (!call.TryInteger(1, out _) || !call.TryInteger(2, out var timeout, "ERR timeout is not an integer or out of range"u8)) return;
        if (timeout < 0) call.Reply.Error("ERR timeout is negative"u8);
        else call.Reply.Integer(0);
    }

    private static void Snapshot(Call call, ReadOnlySpan<byte> started)
    {
        if (call.Executor.Compaction is not { } compaction)
        {
            call.Reply.Error("ERR nothing is kept on disk here: start the server with --directory"u8);
            return;
        }
        if (compaction.IsRunning)
        {
            call.Reply.Error("ERR Background save already in progress"u8);
            return;
        }
        compaction.Ask();
        call.Reply.Simple(started);
    }

    private static void ResetStatistics(Call call)
    {
        foreach (var command in call.Executor.Table.All) command.Calls = 0;
        call.Reply.Ok();
    }

    private static bool TryPeek(Call call, out Entry entry)
    {
        entry = call.Keys.Peek(call[2]);
        if (entry.IsNull) call.Reply.Null();
        return !entry.IsNull;
    }

    private static void Encode(Call call)
    {
        if (TryPeek(call, out var entry)) call.Reply.Bulk(Encodings.Of(entry, call.Keys.Arena));
    }

    private static void IdleTime(Call call)
    {
        if (!TryPeek(call, out var entry)) return;
        if (call.Executor.Spaces.Clock.Access.CountsUses)
            call.Reply.Error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."u8);
        else call.Reply.Integer(call.Executor.Spaces.Clock.Access.IdleSeconds(entry));
    }

    private static void Frequency(Call call)
    {
        if (!TryPeek(call, out var entry)) return;
        if (!call.Executor.Spaces.Clock.Access.CountsUses)
            call.Reply.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."u8);
        else call.Reply.Integer(call.Executor.Spaces.Clock.Access.Count(entry));
    }

    private static void RefCount(Call call)
    {
        if (TryPeek(call, out _)) call.Reply.Integer(1);
    }

    private static void MemoryUsage(Call call)
    {
        if (TryPeek(call, out var entry)) call.Reply.Integer(call.Keys.SizeOf(entry));
    }
}
