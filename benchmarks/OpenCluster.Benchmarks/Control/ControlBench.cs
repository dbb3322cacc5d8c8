using System.Text.Json;
using System.Text.Json.Serialization;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Reporting;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Benchmarks.Control;

/// <summary>
/// One real controller, the published executable, and <see cref="BenchSettings.Agents"/> simulated agents: (1) the file is applied;
/// (2) agents connect, are told what to run and report it; (3) the controller is watched while nothing happens but heartbeats;
/// (4) the file is changed several times, and each time it is measured when the last agent knows. Controller on CPU 0, agents on CPU 1.
/// </summary>
internal sealed class ControlBench(string executable, BenchSettings settings, TextWriter progress, TimeProvider time)
{
    /// <summary>
    /// Half of the smallest server's one core, so that the controller's server has as much left for its work as for bursts.
    /// </summary>
    private const double CoreBound = 0.5;

    /// <summary>A quarter of a 1 GB server, for a thousand of them. (k3s asks for 1.6 GB before the first one.)</summary>
    private const double MegabytesBound = 256;

    /// <summary>What a person who pressed return calls "at once"; well below the 2.5 s in which a dead host must be noticed.</summary>
    private const double MillisecondsBound = 1000;

    private const int Changes = 5;
    private const int ControllerCpu = 0;
    private const int AgentsCpu = 1;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan WatchTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Unchanged = TimeSpan.FromMilliseconds(500);

    public async Task<IReadOnlyList<Row>> RunAsync(CancellationToken ct)
    {
        using var work = new WorkDirectory();
        var names = Enumerable.Range(1, settings.Agents).Select(SimulatedCluster.ServerName).ToArray();
        var tokens = names.Append("ctl").ToDictionary(n => n, NewToken, StringComparer.Ordinal);
        var admin = NewToken("admin");
        var bootstrap = work.Write("bootstrap.json", JsonSerializer.Serialize(new Tokens(admin, tokens), TokensJson.Default.Tokens));
        File.SetUnixFileMode(bootstrap, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var port = FreePorts.Take(1)[0];
        await using var controller = Child.Start("controller", work.Path, executable,
            ["controller", "--directory", Path.Combine(work.Path, "controller"), "--port", $"{port}", "--bootstrap", bootstrap]);
        await controller.ListeningAsync(port, StartTime, time, ct).ConfigureAwait(false);
        await Command.PinAsync([controller.Pid], ControllerCpu, ct).ConfigureAwait(false);
        await Command.PinAsync([Environment.ProcessId], AgentsCpu, ct).ConfigureAwait(false);

        var url = new Uri($"https://127.0.0.1:{port}/");
        var people = new Credentials(RootBundle.Parse(await File.ReadAllTextAsync(Path.Combine(work.Path, "controller", "trust", "roots.pem"), ct).ConfigureAwait(false)));
        using var api = new ApiClient(url, admin, time, people.Itself);
        await ApplyAsync(api, Unchanged, ct).ConfigureAwait(false);

        var started = time.GetUtcNow();
        var agents = names.Select(n => new SimulatedAgent(n, url, Path.Combine(work.Path, n), started, time)).ToArray();
        progress.WriteLine($"{agents.Length} agents join ...");
        foreach (var agent in agents) await agent.JoinAsync(new JoinLine(url, tokens[agent.Name], people.Roots.Fingerprint), ct).ConfigureAwait(false);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = Task.WhenAll(agents.Select((a, i) => a.RunAsync(Unchanged * i / agents.Length, ending.Token)));
        try
        {
            progress.WriteLine($"{agents.Length} agents connect ...");
            await controller.UntilAsync(() => Task.FromResult(running.IsFaulted || agents.All(a => a.Assignment is { Instances.Length: > 0 } && a.Reported > 2)),
                "every agent has its orders and has reported", SettleTime, time, ct).ConfigureAwait(false);
            if (running.IsFaulted) await running.ConfigureAwait(false);
            var (cores, megabytes) = await WatchAsync(controller, agents, ct).ConfigureAwait(false);
            var toAll = await ChangeAsync(api, agents, ct).ConfigureAwait(false);
            return
            [
                Row.Within($"controller CPU, {agents.Length} agents reporting twice a second", cores, "cores", CoreBound),
                Row.Within($"controller memory, {agents.Length} agents", megabytes, "MB resident", MegabytesBound),
                Row.Within($"from a changed file to the last of {agents.Length} agents", toAll, "ms", MillisecondsBound),
            ];
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var agent in agents) agent.Dispose();
        }
    }

    private async Task<(double Cores, double Megabytes)> WatchAsync(Child controller, SimulatedAgent[] agents, CancellationToken ct)
    {
        // What came with connecting (compilation, first reports) is over after a few heartbeats.
        await Task.Delay(TimeSpan.FromSeconds(3), time, ct).ConfigureAwait(false);
        progress.WriteLine($"watching the controller for {(settings.Length ?? WatchTime).TotalSeconds:0} s ...");
        var (reported, refused) = Counted(agents);
        var (began, cpu) = (time.GetTimestamp(), Proc.CpuSeconds(controller.Pids));
        await Task.Delay(settings.Length ?? WatchTime, time, ct).ConfigureAwait(false);
        var seconds = time.GetElapsedTime(began).TotalSeconds;
        var cores = (Proc.CpuSeconds(controller.Pids) - cpu) / seconds;

        var (reportedAfter, refusedAfter) = Counted(agents);
        var rate = (reportedAfter - reported) / seconds;
        progress.WriteLine($"{rate:0} reports/s");
        if (refusedAfter > refused)
            throw new BenchException($"{refusedAfter - refused} reports or streams failed, so there is no figure: {agents.Last(a => a.Reason.Length > 0).Reason}");
        // Slower agents would make the controller look cheap: each should manage two reports a second, less the time of the call.
        if (rate < 1.6 * agents.Length) throw new BenchException($"Only {rate:0} reports/s arrived of {2 * agents.Length}: this machine is too busy for a figure.");
        return (cores, Proc.ResidentBytes(controller.Pids) / 1e6);
    }

    /// <summary>Milliseconds from the call that applies the changed file until the last agent has read its new assignment; median of several.</summary>
    private async Task<double> ChangeAsync(ApiClient api, SimulatedAgent[] agents, CancellationToken ct)
    {
        var times = new List<double>();
        for (var change = 1; change <= Changes; change++)
        {
            var heartbeat = Unchanged + TimeSpan.FromMilliseconds(10 * change);
            var waiting = agents.Length;
            var all = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var agent in agents)
            {
                agent.Told = (told, assignment) =>
                {
                    if (assignment.Heartbeat != heartbeat) return;
                    told.Told = null;
                    if (Interlocked.Decrement(ref waiting) == 0) all.SetResult(time.GetTimestamp());
                };
            }

            var began = time.GetTimestamp();
            await ApplyAsync(api, heartbeat, ct).ConfigureAwait(false);
            var answered = time.GetElapsedTime(began);
            var ended = await all.Task.WaitAsync(SettleTime, time, ct).ConfigureAwait(false);
            times.Add(time.GetElapsedTime(began, ended).TotalMilliseconds);
            progress.WriteLine($"change {change}: answered after {answered.TotalMilliseconds:0} ms, known to all after {times[^1]:0} ms");
            await Task.Delay(TimeSpan.FromSeconds(1), time, ct).ConfigureAwait(false);
        }

        return times.Median();
    }

    private async Task ApplyAsync(ApiClient api, TimeSpan heartbeat, CancellationToken ct)
    {
        try
        {
            await api.ApplyAsync(new FileRequest { Text = SimulatedCluster.File(settings.Agents, heartbeat) }, ct).ConfigureAwait(false);
        }
        catch (ProblemException refused)
        {
            throw new BenchException($"The controller refuses the cluster: {refused.Message} {string.Join(' ', refused.Problem.Errors)}");
        }
    }

    private static (long Reported, long Refused) Counted(SimulatedAgent[] agents) => (agents.Sum(a => a.Reported), agents.Sum(a => a.Refused));

    private static string NewToken(string name) => $"oc_{name}_{Guid.NewGuid():N}";
}

/// <summary>What a controller is handed at its first start.</summary>
internal sealed record Tokens(string Admin, IReadOnlyDictionary<string, string> Agents);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Tokens))]
internal sealed partial class TokensJson : JsonSerializerContext;
