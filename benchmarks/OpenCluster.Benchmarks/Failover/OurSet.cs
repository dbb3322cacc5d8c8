using System.Text.Json;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.Failover;

/// <summary>A space with three copies, brought up as a user does on one machine.</summary>
internal sealed class OurSet(string executable, string directory, TimeProvider time) : IRedisSet
{
    private static readonly TimeSpan HealTime = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    private Child? _up;

    public string Name => "ours";
    public IReadOnlyList<string> Copies { get; private set; } = [];
    public string? Password { get; private set; }

    public async Task StartAsync(CancellationToken ct)
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "cluster.yaml"), """
            cluster: failover
            servers:
              control: {controller: true, roles: [control]}
              db1: {roles: [data]}
              db2: {roles: [data]}
              db3: {roles: [data]}
            data:
              orders: {role: data, port: 16379}

            """, ct).ConfigureAwait(false);
        _up = Child.Start("up", directory, executable, ["up", "cluster.yaml"]);
        await HealAsync(ct).ConfigureAwait(false);
        using var status = JsonDocument.Parse((await AskAsync(ct, "data", "status", "--json").ConfigureAwait(false)).Output);
        Copies = [.. status.RootElement[0].GetProperty("copies").EnumerateArray().Select(c => c.GetProperty("address").GetString()!)];
        using var access = JsonDocument.Parse((await AskAsync(ct, "data", "access", "orders", "--json").ConfigureAwait(false)).Output);
        Password = access.RootElement.GetProperty("password").GetString();
    }

    public async Task HealAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < HealTime)
        {
            var asked = await AskAsync(ct, "data", "status", "--json").ConfigureAwait(false);
            if (asked.ExitCode == 0 && IsWhole(asked.Output)) return;
            await Task.Delay(Look, time, ct).ConfigureAwait(false);
        }

        throw new BenchException($"The space was not a primary and two copies in step again within {HealTime.TotalSeconds:0} s; see {directory}/up.log.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_up is not null) await _up.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsWhole(string output)
    {
        using var status = JsonDocument.Parse(output);
        return status.RootElement.GetArrayLength() == 1
            && status.RootElement[0].GetProperty("copies").EnumerateArray().Count(c => c.GetProperty("role").GetString() == "follows" && c.TryGetProperty("lagBytes", out _)) == 2;
    }

    private Task<Command.Result> AskAsync(CancellationToken ct, params string[] words) =>
        Command.RunAsync("/bin/sh", ["-c", "cd \"$0\" && exec \"$@\"", directory, executable, .. words], ct);
}
