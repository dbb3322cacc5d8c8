using System.Globalization;
using System.Net;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Sets.Redis;

/// <summary>
/// Redis as a member of a set. The data carries a mark, <c>opencluster</c> in database 1: epoch of its primary and how far that had
/// got. So whatever comes back from a disk says itself whose history it holds; a file beside it could not, for Redis may come back with
/// older data than it last had (a copy that was being filled when it died has its old log).
/// </summary>
internal sealed class RedisDriver : ISetDriver
{
    private const string Mark = "opencluster";

    private readonly RedisLink _link;
    private readonly SetPasswords _passwords;
    private readonly int _replicas;
    private readonly long _memoryBytes;
    private RedisLink? _markLink;
    private readonly IPEndPoint _at;

    public RedisDriver(IPEndPoint at, SetPasswords passwords, int replicas, long memoryBytes)
    {
        (_at, _passwords, _replicas, _memoryBytes) = (at, passwords, replicas, memoryBytes);
        _link = new RedisLink(at, RedisUsers.Own, passwords.Own);
    }

    public async Task<DriverStatus> StatusAsync(CancellationToken ct)
    {
        var told = Fields((await _link.AskAsync(ct, "INFO", "replication", "persistence")).Text);
        if (told.GetValueOrDefault("loading") == "1" || told.GetValueOrDefault("async_loading") == "1") return DriverStatus.StillLoading;
        var primary = told.GetValueOrDefault("role") == "master";
        var (epoch, offset) = await ReadMarkAsync(ct);
        return new DriverStatus(
            Loading: false,
            primary,
            primary ? null : $"{told.GetValueOrDefault("master_host")}:{told.GetValueOrDefault("master_port")}",
            LinkUp: told.GetValueOrDefault("master_link_status") == "up",
            Filling: told.GetValueOrDefault("master_sync_in_progress") == "1",
            Number(told, primary ? "master_repl_offset" : "slave_repl_offset"),
            TimeSpan.FromSeconds(Math.Max(0, Number(told, "master_last_io_seconds_ago"))),
            epoch,
            offset);
    }

    public async Task PromoteAsync(long epoch, CancellationToken ct)
    {
        await ShutAsync(ct);
        await _link.AskAsync(ct, "REPLICAOF", "NO", "ONE");
        // Nobody follows yet, and the space may be full: our own write of the mark needs to be let through. Clients' are shut out meanwhile.
        await _link.AskAsync(ct, "CONFIG", "SET", "min-replicas-to-write", "0", "maxmemory", "0");
        await MarkAsync(epoch, ct);
        await _link.AskAsync(ct, "CONFIG", "SET", "min-replicas-to-write", _replicas.ToString(CultureInfo.InvariantCulture), "maxmemory", _memoryBytes.ToString(CultureInfo.InvariantCulture));
    }

    public async Task FollowAsync(string address, int port, CancellationToken ct)
    {
        await ShutAsync(ct);
        await _link.AskAsync(ct, "REPLICAOF", address, port.ToString(CultureInfo.InvariantCulture));
        // From here on Redis itself refuses writes, with the error (READONLY) by which clients know that they are at a replica.
        await AdmitAsync(ct);
    }

    public async Task FenceAsync(CancellationToken ct)
    {
        await ShutAsync(ct);
        await _link.AskAsync(ct, "CLIENT", "KILL", "USER", RedisUsers.App);
    }

    public Task AdmitAsync(CancellationToken ct) => _link.AskAsync(ct, ["ACL", "SETUSER", RedisUsers.App, .. RedisUsers.AppRules(_passwords, mayWrite: true)]);

    public async Task MarkAsync(long epoch, CancellationToken ct)
    {
        var offset = Number(Fields((await _link.AskAsync(ct, "INFO", "replication")).Text), "master_repl_offset");
        await (await MarkLinkAsync(ct)).AskAsync(ct, "SET", Mark, string.Create(CultureInfo.InvariantCulture, $"{epoch} {offset}"));
    }

    public void Dispose()
    {
        _link.Dispose();
        _markLink?.Dispose();
    }

    private Task ShutAsync(CancellationToken ct) => _link.AskAsync(ct, ["ACL", "SETUSER", RedisUsers.App, .. RedisUsers.AppRules(_passwords, mayWrite: false)]);

    private async Task<(long Epoch, long Offset)> ReadMarkAsync(CancellationToken ct)
    {
        var words = (await (await MarkLinkAsync(ct)).AskAsync(ct, "GET", Mark)).Text.Split(' ');
        return words.Length == 2
            && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? (epoch, offset)
            : (0, 0);
    }

    /// <summary>A connection of its own, since a database is chosen per connection. Choosing it again costs little and survives a connection lost between.</summary>
    private async Task<RedisLink> MarkLinkAsync(CancellationToken ct)
    {
        _markLink ??= new RedisLink(_at, RedisUsers.Own, _passwords.Own);
        await _markLink.AskAsync(ct, "SELECT", "1");
        return _markLink;
    }

    private static Dictionary<string, string> Fields(string info)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in info.Split("\r\n"))
            if (line.IndexOf(':') is > 0 and var colon) fields[line[..colon]] = line[(colon + 1)..];
        return fields;
    }

    private static long Number(Dictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
