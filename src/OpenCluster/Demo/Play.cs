using OpenCluster.Api.Views;
using OpenCluster.CommandLine;
using OpenCluster.Laptop;

namespace OpenCluster.Demo;

/// <summary>
/// The acts, in order. Each opens its line in the ledger, deals its blow, waits until everything is healthy again, and takes the time.
/// An act that does not recover in time ends the play: what follows would measure something else.
/// </summary>
internal sealed class Play(LaptopCluster cluster, Repository api, Ledger ledger, Screen screen, TimeProvider time)
{
    /// <summary>Longer than this is not a recovery.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    /// <summary>How long a killed server and a killed controller stay away.</summary>
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(3);

    private readonly Watching _watching = new(cluster.Api, time);
    private readonly List<Act> _acts = [];

    public IReadOnlyList<Act> Acts => _acts;

    public async Task RunAsync(CancellationToken ct)
    {
        await SteadyAsync(ct).ConfigureAwait(false);
        await ActAsync("push", "a commit is pushed", "it runs everywhere", () => PushAsync(Commits.Better, "done", ct), ct).ConfigureAwait(false);
        await ActAsync("push-never-starts", "a commit that never starts", "rolled back", () => PushAsync(Commits.NeverStarts, "rolled-back", ct), ct).ConfigureAwait(false);
        await ActAsync("push-fails-later", "a commit that starts, then fails", "rolled back", () => PushAsync(Commits.FailsLater, "rolled-back", ct), ct).ConfigureAwait(false);
        await ActAsync("kill-instance", "kill -9 an instance", "all healthy again", () => KillInstanceAsync(ct), ct).ConfigureAwait(false);
        await ActAsync("kill-server", "kill -9 a whole server, bring it back", "all healthy again", () => KillServerAsync(ct), ct).ConfigureAwait(false);
        await ActAsync("kill-balancer", "kill -9 a load-balancer", "all healthy again", () => KillBalancerAsync(ct), ct).ConfigureAwait(false);
        await ActAsync("kill-controller", "kill -9 the controller, restart others", "all healthy again", () => KillControllerAsync(ct), ct).ConfigureAwait(false);
    }

    /// <summary>What customers see while nothing is broken, to compare the rest with.</summary>
    private async Task SteadyAsync(CancellationToken ct)
    {
        var act = Open("steady", "nothing is broken");
        await Task.Delay(Steady, time, ct).ConfigureAwait(false);
        await _watching.HealthyAsync(Limit, ct).ConfigureAwait(false);
        act.RecoveredMs = 0;
        screen.Say($"  [green]✓[/] {Requests(act)}");
    }

    /// <param name="end">How the act ends, for people.</param>
    private async Task ActAsync(string name, string title, string end, Func<Task> blow, CancellationToken ct)
    {
        var act = Open(name, title);
        var started = time.GetTimestamp();
        await blow().ConfigureAwait(false);
        await _watching.HealthyAsync(Limit, ct).ConfigureAwait(false);
        act.RecoveredMs = (long)time.GetElapsedTime(started).TotalMilliseconds;
        screen.Say($"  [green]✓[/] {end} after {act.RecoveredMs / 1000.0:0.0} s; {Requests(act)}");
    }

    private Act Open(string name, string title)
    {
        var act = new Act(name, title);
        _acts.Add(act);
        ledger.Open(act);
        screen.Say($"[blue]▸[/] {Screen.Plain(title)}");
        return act;
    }

    private static string Requests(Act act) => $"{act.Sent:N0} requests, {(act.Failures == 0 ? "none failed" : $"[red]{act.Failures:N0} failed[/]")}";

    private async Task PushAsync(Commits commit, string expected, CancellationToken ct)
    {
        var known = await _watching.DeploymentsAsync("api", ct).ConfigureAwait(false);
        await api.PushAsync(Commits.File, commit.Edit, commit.Message, ct).ConfigureAwait(false);
        await Webhook.PushedAsync(cluster.Api, "api", "main", ct).ConfigureAwait(false);
        var ended = await _watching.NextDeploymentAsync("api", "default", known, Limit, ct).ConfigureAwait(false);
        screen.Say($"  {Screen.Plain(ended.Sentence)}");
        foreach (var line in (ended.Failure?.Log ?? []).TakeLast(6)) screen.Say($"    [grey]│ {Screen.Plain(line)}[/]");

        if (ended.Phase != expected) throw new TimeoutException($"the deployment of \"{commit.Message}\" ended as {ended.Phase}, not {expected}: {ended.Failure?.Reason}");
        if (expected != "done") await api.RevertAsync(ct).ConfigureAwait(false);
    }

    private async Task KillInstanceAsync(CancellationToken ct)
    {
        var victim = (await cluster.Api.InstancesAsync("api", ct).ConfigureAwait(false)).First(i => i.Zone == "default" && i.Status is { Pid: > 0 });
        screen.Say($"  {Screen.Plain(victim.Id)} on {Screen.Plain(victim.Server)}, pid {victim.Status!.Pid}");
        Signals.SendToGroup(victim.Status.Pid, Signals.Kill);
        await _watching.ReplacedAsync($"{victim.Id} runs again", Pids([victim]), Limit, ct).ConfigureAwait(false);
    }

    private async Task KillServerAsync(CancellationToken ct)
    {
        var server = cluster.Server("web1");
        var there = (await cluster.Api.InstancesAsync(null, ct).ConfigureAwait(false)).Where(i => i.Server == server.Name && i.Status is { Pid: > 0 }).ToList();
        screen.Say($"  {server.Name} with its agent and {Screen.Plain(string.Join(", ", there.Select(i => i.Id)))}");
        await server.KillAgentAsync(ct).ConfigureAwait(false);
        foreach (var instance in there) Signals.SendToGroup(instance.Status!.Pid, Signals.Kill);
        await Task.Delay(Away, time, ct).ConfigureAwait(false);
        await server.StartAsync(ct).ConfigureAwait(false);
        await _watching.ReplacedAsync($"{server.Name} is back with everything on it", Pids(there), Limit, ct).ConfigureAwait(false);
    }

    private async Task KillBalancerAsync(CancellationToken ct)
    {
        var victim = await BalancerAsync("lb1", ct).ConfigureAwait(false);
        screen.Say($"  {Screen.Plain(victim.Id)} on {Screen.Plain(victim.Server)}, pid {victim.Status!.Pid}");
        Signals.SendToGroup(victim.Status.Pid, Signals.Kill);
        await _watching.ReplacedAsync($"{victim.Id} runs again", Pids([victim]), Limit, ct).ConfigureAwait(false);
    }

    private async Task KillControllerAsync(CancellationToken ct)
    {
        var other = await BalancerAsync("lb2", ct).ConfigureAwait(false);
        var home = cluster.ControllerServer;
        await home.HoldAsync(Agent.CoreOptions.InstanceId, ct).ConfigureAwait(false);
        await home.KillInstanceAsync(Agent.CoreOptions.InstanceId, ct).ConfigureAwait(false);
        screen.Say("  it stays away while lb2's load-balancer and web2's agent are restarted");
        await cluster.Server("lb2").RestartInstanceAsync(other.Id, ct).ConfigureAwait(false);
        var agent = cluster.Server("web2");
        await agent.KillAgentAsync(ct).ConfigureAwait(false);
        await agent.StartAsync(ct).ConfigureAwait(false);
        await Task.Delay(Away, time, ct).ConfigureAwait(false);
        await home.ReleaseAsync(Agent.CoreOptions.InstanceId, ct).ConfigureAwait(false);
        await _watching.ReplacedAsync("the controller answers and the restarted balancer serves", Pids([other]), Limit, ct).ConfigureAwait(false);
    }

    private async Task<InstanceView> BalancerAsync(string server, CancellationToken ct)
    {
        var balancers = (await cluster.Api.StatusAsync(ct).ConfigureAwait(false)).Balancers.Select(b => b.Instance).ToHashSet(StringComparer.Ordinal);
        return (await cluster.Api.InstancesAsync(null, ct).ConfigureAwait(false)).First(i => i.Server == server && balancers.Contains(i.Id));
    }

    private static Dictionary<string, int> Pids(IEnumerable<InstanceView> instances) => instances.ToDictionary(i => i.Id, i => i.Status!.Pid, StringComparer.Ordinal);
}
