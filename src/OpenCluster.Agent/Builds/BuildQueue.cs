using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Builds;

/// <summary>
/// The builds ordered of this server, one at a time, in the order they came. What is not ordered any more is stopped and forgotten; what
/// has ended is reported as long as it is ordered. Owned by the agent's loop; nothing is kept on disk, so an interrupted build starts anew.
/// </summary>
internal sealed class BuildQueue(Builder builder, AgentLoop loop, Action changed, CancellationToken ending)
{
    private readonly Dictionary<string, BuildStatus> _statuses = [];
    private ImmutableArray<BuildOrder> _orders = [];
    private (string Id, CancellationTokenSource Stop)? _running;

    public ImmutableArray<BuildStatus> Statuses => [.. _orders.Select(o => _statuses.GetValueOrDefault(o.ReleaseId) ?? new BuildStatus { ReleaseId = o.ReleaseId })];

    /// <summary>Ends when no build is under way: after the agent's end, when the last has been killed.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    public void Obey(ImmutableArray<BuildOrder> orders)
    {
        _orders = orders;
        foreach (var gone in _statuses.Keys.Where(id => orders.All(o => o.ReleaseId != id)).ToList()) _statuses.Remove(gone);
        if (_running is { } running && orders.All(o => o.ReleaseId != running.Id)) running.Stop.Cancel();
        Next();
    }

    private void Next()
    {
        if (_running is not null || _orders.FirstOrDefault(o => !_statuses.ContainsKey(o.ReleaseId)) is not { } order) return;
        var stop = CancellationTokenSource.CreateLinkedTokenSource(ending);
        _running = (order.ReleaseId, stop);
        _statuses[order.ReleaseId] = new BuildStatus { ReleaseId = order.ReleaseId, Phase = BuildPhase.Fetching };
        Completion = loop.Beside(async () =>
        {
            try
            {
                await builder.RunAsync(order, status => _ = loop.PostAsync(() => Told(status)).AsTask(), stop.Token);
            }
            finally
            {
                await loop.PostAsync(() => Ended(stop));
            }
        });
    }

    private void Told(BuildStatus status)
    {
        if (!_statuses.ContainsKey(status.ReleaseId)) return;
        _statuses[status.ReleaseId] = status;
        changed();
    }

    private void Ended(CancellationTokenSource stop)
    {
        stop.Dispose();
        if (_running is { } running && _statuses.GetValueOrDefault(running.Id) is { Phase: not (BuildPhase.Done or BuildPhase.Failed) } unfinished)
            _statuses[running.Id] = unfinished with { Phase = BuildPhase.Failed, Failure = new Failure("build-failed", "the build ended without a result; the agent's log says why") };
        _running = null;
        changed();
        Next();
    }
}
