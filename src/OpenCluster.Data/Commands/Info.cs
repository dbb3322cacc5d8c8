using System.Globalization;
using System.Text;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Commands;

/// <summary>INFO, as the one who asks may see it: his own space, and what of the server concerns everybody.</summary>
internal static class Info
{
    private static readonly (string Name, Action<Call, StringBuilder> Write)[] Sections =
    [
        ("Server", Server), ("Clients", Clients), ("Memory", Memory), ("Persistence", Persistence), ("Stats", Statistics),
        ("Replication", Replication), ("Keyspace", Keyspace),
    ];

    public static void Answer(Call call)
    {
        var text = new StringBuilder();
        foreach (var (name, write) in Sections)
        {
            if (!Wants(call, name)) continue;
            if (text.Length > 0) text.Append("\r\n");
            text.Append("# ").Append(name).Append("\r\n");
            write(call, text);
        }
        call.Reply.Verbatim(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static bool Wants(Call call, string name)
    {
        if (call.Count == 1) return true;
        for (var i = 1; i < call.Count; i++)
        {
            if (call.Is(i, Encoding.ASCII.GetBytes(name)) || call.Is(i, "all"u8) || call.Is(i, "default"u8) || call.Is(i, "everything"u8)) return true;
        }
        return false;
    }

    private static void Line(StringBuilder text, string name, object value) => text.Append(CultureInfo.InvariantCulture, $"{name}:{value}\r\n");

    private static void Server(Call call, StringBuilder text)
    {
        Line(text, "redis_version", Connecting.RedisVersion);
        Line(text, "redis_mode", "standalone");
        Line(text, "opencluster_version", typeof(Info).Assembly.GetName().Version?.ToString(3) ?? "");
        Line(text, "process_id", Environment.ProcessId);
        Line(text, "uptime_in_seconds", (call.Now - call.Executor.StartedAt) / 1000);
    }

    private static void Clients(Call call, StringBuilder text)
    {
        Line(text, "connected_clients", call.Space.Connections);
        Line(text, "blocked_clients", call.Executor.Sessions.Values.Count(s => s.Space == call.Space && s.Waiting is not null));
    }

    private static void Memory(Call call, StringBuilder text)
    {
        Line(text, "used_memory", call.Keys.Arena.UsedBytes);
        Line(text, "used_memory_reserved", call.Keys.Arena.ReservedBytes);
        Line(text, "maxmemory", call.Space.Limits.MemoryBytes);
    }

    private static void Persistence(Call call, StringBuilder text)
    {
        Line(text, "loading", 0);
        Line(text, "aof_enabled", call.Executor.Log is null ? 0 : 1);
        Line(text, "aof_rewrite_in_progress", call.Executor.Snapshot is null ? 0 : 1);
        Line(text, "rdb_bgsave_in_progress", call.Executor.Snapshot is null ? 0 : 1);
        Line(text, "rdb_last_save_time", call.Executor.LastSnapshotAt / 1000);
        Line(text, "aof_last_write_status", call.Executor.Log?.Failure is null ? "ok" : "err");
        Line(text, "aof_current_size", call.Executor.Log?.BytesSinceSnapshot ?? 0);
        Line(text, "snapshots_taken", call.Executor.SnapshotsTaken);
        Line(text, "snapshot_longest_stop_microseconds", call.Executor.LongestSnapshotStop.TotalMicroseconds.ToString("0", CultureInfo.InvariantCulture));
    }

    private static void Statistics(Call call, StringBuilder text)
    {
        Line(text, "total_commands_processed", call.Executor.CommandsProcessed);
        Line(text, "expired_keys", call.Space.Expired);
        Line(text, "evicted_keys", call.Space.Evicted);
    }

    private static void Replication(Call call, StringBuilder text)
    {
        Line(text, "role", "master");
        Line(text, "connected_slaves", 0);
        Line(text, "master_repl_offset", call.Executor.Log?.Position ?? 0);
    }

    private static void Keyspace(Call call, StringBuilder text)
    {
        if (call.Keys.Count > 0) Line(text, "db0", $"keys={call.Keys.Count},expires={call.Keys.ExpiringCount},avg_ttl=0");
    }
}
