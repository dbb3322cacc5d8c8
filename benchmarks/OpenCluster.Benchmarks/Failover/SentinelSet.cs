using System.Globalization;
using System.Net.Sockets;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.Failover;

/// <summary>
/// Redis as its documentation sets it up: a primary, two replicas, three sentinels that count a primary as down after a second. The same log,
/// replication and <c>min-replicas-to-write</c> as ours; who died is started again, as a service manager would.
/// </summary>
internal sealed class SentinelSet(string directory, TimeProvider time) : IRedisSet
{
    private static readonly TimeSpan HealTime = TimeSpan.FromSeconds(60);

    private readonly int[] _ports = FreePorts.Take(6);
    private readonly Child?[] _servers = new Child?[3];
    private readonly List<Child> _sentinels = [];

    public string Name => "Sentinel";
    public IReadOnlyList<string> Copies => [.. _ports[..3].Select(p => $"127.0.0.1:{p}")];
    public string? Password => null;

    public async Task StartAsync(CancellationToken ct)
    {
        for (var i = 0; i < 3; i++) await StartServerAsync(i, i == 0 ? null : 0, ct).ConfigureAwait(false);
        for (var i = 3; i < 6; i++)
        {
            var file = Path.Combine(directory, $"sentinel-{i}.conf");
            await File.WriteAllTextAsync(file, $"""
                port {_ports[i]}
                dir {directory}
                sentinel monitor orders 127.0.0.1 {_ports[0]} 2
                sentinel down-after-milliseconds orders 1000
                sentinel failover-timeout orders 10000
                sentinel parallel-syncs orders 2

                """, ct).ConfigureAwait(false);
            var sentinel = Child.Start($"sentinel-{i}", directory, "redis-server", [file, "--sentinel"]);
            _sentinels.Add(sentinel);
            await sentinel.ListeningAsync(_ports[i], HealTime, time, ct).ConfigureAwait(false);
        }

        await HealAsync(ct).ConfigureAwait(false);
        await _sentinels[0].UntilAsync(KnowEachOtherAsync, "the sentinels know each other", HealTime, time, ct).ConfigureAwait(false);

        async Task<bool> KnowEachOtherAsync()
        {
            using var sentinel = await RespConnection.OpenAsync($"127.0.0.1:{_ports[3]}", null, ct).ConfigureAwait(false);
            return (await sentinel.InfoAsync("sentinel", "master0", ct).ConfigureAwait(false)).EndsWith("slaves=2,sentinels=3", StringComparison.Ordinal);
        }
    }

    public async Task HealAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < HealTime)
        {
            var roles = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => LookAsync(i, ct))).ConfigureAwait(false);
            // One that comes back is primary of nobody until a sentinel tells it; started again here, as it was.
            for (var i = 0; i < 3; i++)
                if (roles[i] is null) await StartServerAsync(i, null, ct).ConfigureAwait(false);
            if (roles.Count(r => r is "slave:up") == 2 && roles.Count(r => r == "master:") == 1) return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, ct).ConfigureAwait(false);
        }

        throw new BenchException($"Sentinel's servers were not a primary and two replicas again within {HealTime.TotalSeconds:0} s.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var child in _sentinels.Concat(_servers.OfType<Child>())) await child.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<string?> LookAsync(int server, CancellationToken ct)
    {
        try
        {
            using var connection = await RespConnection.OpenAsync(Copies[server], null, ct).ConfigureAwait(false);
            return $"{await connection.InfoAsync("replication", "role", ct).ConfigureAwait(false)}:{await connection.InfoAsync("replication", "master_link_status", ct).ConfigureAwait(false)}";
        }
        catch (Exception away) when (away is SocketException or IOException)
        {
            return away is SocketException ? null : "loading:";
        }
    }

    private async Task StartServerAsync(int server, int? of, CancellationToken ct)
    {
        if (_servers[server] is { } dead) await dead.DisposeAsync().ConfigureAwait(false);
        var data = Path.Combine(directory, $"server-{server}");
        Directory.CreateDirectory(data);
        string[] follow = of is { } primary ? ["--replicaof", "127.0.0.1", _ports[primary].ToString(CultureInfo.InvariantCulture)] : [];
        _servers[server] = Child.Start($"server-{server}", directory, "redis-server",
        [
            "--port", $"{_ports[server]}", "--dir", data, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--repl-diskless-sync-delay", "0",
            "--repl-ping-replica-period", "1", "--min-replicas-to-write", "1", "--min-replicas-max-lag", "10", .. follow,
        ]);
        await _servers[server]!.ListeningAsync(_ports[server], HealTime, time, ct).ConfigureAwait(false);
    }
}
