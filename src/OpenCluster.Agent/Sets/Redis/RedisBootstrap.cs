using System.Collections.Immutable;
using System.Globalization;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Users;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Sets.Redis;

/// <summary>
/// What a copy is started with: a configuration of its own, complete and readable by its user alone. It begins fenced and following nobody,
/// whatever it was before; everything else it is told when it runs.
/// </summary>
internal static class RedisBootstrap
{
    /// <summary>Stream kept for replicas that were away: for a minute or so of ordinary writing.</summary>
    private const int BacklogBytes = 64 << 20;

    /// <returns>The command that runs it.</returns>
    public static ImmutableArray<string> Prepare(SetSeat seat, SetPasswords passwords, string address, string home, string data, RunAs? user)
    {
        Directory.CreateDirectory(data, AgentDirectory.Private);
        UserIds.Own(data, user);
        var file = Path.Combine(home, "redis.conf");
        PrivateFile.Write(file, string.Join('\n', Lines(seat.Space, passwords, address, data)) + "\n");
        UserIds.Own(file, user);
        return ["/usr/bin/env", seat.Space.Program, file];
    }

    private static IEnumerable<string> Lines(DataSpace space, SetPasswords passwords, string address, string data)
    {
        yield return $"bind {address}";
        yield return $"port {Text(space.Port)}";
        yield return "protected-mode no";
        yield return $"dir {Quoted(data)}";
        yield return "daemonize no";
        yield return "databases 2";

        yield return "appendonly yes";
        yield return $"appendfsync {space.Fsync switch { FsyncRule.Always => "always", FsyncRule.No => "no", _ => "everysec" }}";
        yield return "save \"\"";
        yield return "shutdown-on-sigterm nosave";
        // How long a primary that is stopped waits for its replicas to have everything.
        yield return "shutdown-timeout 3";
        if (space.MemoryBytes is { } memory) yield return $"maxmemory {Text(memory)}";
        yield return "maxmemory-policy noeviction";

        yield return $"min-replicas-to-write {Text(space.Replicas)}";
        yield return $"min-replicas-max-lag {Text((long)Math.Ceiling(space.Lag.TotalSeconds))}";
        // A ping a second is also how voters beside replicas hear that the primary lives when nobody writes.
        yield return "repl-ping-replica-period 1";
        yield return "repl-diskless-sync-delay 0";
        yield return $"repl-backlog-size {Text(BacklogBytes)}";
        yield return "replica-read-only yes";

        yield return $"masteruser {RedisUsers.Own}";
        yield return $"masterauth {passwords.Own}";
        yield return "user default reset off";
        yield return $"user {RedisUsers.Own} {string.Join(' ', RedisUsers.OwnRules(passwords))}";
        yield return $"user {RedisUsers.App} {string.Join(' ', RedisUsers.AppRules(passwords, mayWrite: false))}";
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>As Redis' configuration quotes: a path may hold blanks.</summary>
    private static string Quoted(string path) => $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
