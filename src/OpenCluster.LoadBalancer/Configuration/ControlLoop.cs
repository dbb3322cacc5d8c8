using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Configuration;

/// <summary>
/// Keeps a balancer in step with its controller: snapshots in, reports out. When the controller is away it serves on with what it has; a
/// snapshot it cannot use is refused, reported with the reason, and the last good one stays in use and on disk.
/// </summary>
internal sealed class ControlLoop
{
    private static readonly TimeSpan LastReport = TimeSpan.FromSeconds(1);

    private readonly Balancer _balancer;
    private readonly LoadBalancerOptions _options;
    private readonly ISnapshotSource? _source;
    private readonly Action<string> _note;
    private readonly TimeProvider _time;
    private readonly LastGood _lastGood;
    private TaskCompletionSource _reportWanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _wasAway;

    public ControlLoop(Balancer balancer, LoadBalancerOptions options, ISnapshotSource? source, Action<string> note, TimeProvider time)
    {
        _balancer = balancer;
        _options = options;
        _source = source;
        _note = text => Note(note, text);
        _time = time;
        _lastGood = new LastGood(options.Directory);
        balancer.TargetChanged += OnTargetChanged;
    }

    /// <summary>The first snapshot, its listeners not opened yet: from disk, else from the controller, for which it waits.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        var kept = _lastGood.Read(out var problem);
        if (problem is not null) _note(problem);
        if (kept is not null)
        {
            if (_balancer.Apply(kept, listen: false)) return;
            _note($"{_lastGood.File} is refused: {_balancer.Refused}");
        }
        if (_source is null) throw new InvalidOperationException($"{_lastGood.File} holds no usable snapshot and there is no controller to ask for one.");
        await foreach (var snapshot in _source.WatchAsync(0, ct).ConfigureAwait(false))
        {
            if (!_balancer.Apply(snapshot, listen: false))
            {
                _note($"snapshot refused: {_balancer.Refused}");
                continue;
            }
            Keep(snapshot);
            return;
        }
        ct.ThrowIfCancellationRequested();
    }

    public Task RunAsync(CancellationToken ct) =>
        _source is null ? Task.Delay(Timeout.InfiniteTimeSpan, _time, ct) : Task.WhenAll(WatchAsync(_source, ct), ReportAsync(_source, ct));

    /// <summary>The last report: what was answered while draining counts too.</summary>
    public async Task EndAsync()
    {
        _balancer.TargetChanged -= OnTargetChanged;
        if (_source is null) return;
        using var limit = new CancellationTokenSource(LastReport, _time);
        await TryReportAsync(_source, limit.Token).ConfigureAwait(false);
    }

    private async Task WatchAsync(ISnapshotSource source, CancellationToken ct)
    {
        await foreach (var snapshot in source.WatchAsync(_balancer.Snapshot?.Revision ?? 0, ct).ConfigureAwait(false))
        {
            // It came on a thread that carries connections. Putting it to use and on disk takes its time, on a busy disk seconds.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                if (_balancer.Apply(snapshot)) Keep(snapshot);
                else _note($"snapshot refused, serving on with revision {_balancer.Snapshot?.Revision}: {_balancer.Refused}");
            }
            catch (Exception unforeseen)
            {
                // The next one may be better; without this loop there would be no next one, and nobody would know.
                _note($"snapshot {snapshot.Revision} could not be used: {unforeseen}");
            }

            Volatile.Read(ref _reportWanted).TrySetResult();
        }
    }

    private async Task ReportAsync(ISnapshotSource source, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _reportWanted, wanted);
            await TryReportAsync(source, ct).ConfigureAwait(false);
            await wanted.Task.WaitAsync(_options.ReportEvery, _time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryReportAsync(ISnapshotSource source, CancellationToken ct)
    {
        try
        {
            await source.ReportAsync(_balancer.Report(_options.InstanceId), ct).ConfigureAwait(false);
            _wasAway = false;
        }
        catch (Exception away)
        {
            // Whatever the reason, the next report says the same and more. Noted once each time it begins.
            if (!_wasAway && !ct.IsCancellationRequested) _note($"a report was not delivered: {away.Message}");
            _wasAway = true;
        }
    }

    private void Keep(BalancerSnapshot snapshot)
    {
        try
        {
            _lastGood.Write(snapshot);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            _note($"{_lastGood.File} cannot be written ({unwritable.Message}); serving on, but a restart without the controller would serve an older snapshot");
        }
    }

    /// <summary>Where notes go may be a full disk, which must not end what wanted to tell something.</summary>
    private static void Note(Action<string> note, string text)
    {
        try
        {
            note(text);
        }
        catch (IOException)
        {
            // The line is lost; whoever looks finds the same in the metrics and reports.
        }
    }

    private void OnTargetChanged(TargetSlot slot, Decisions.Targets.TargetEffect.Changed changed)
    {
        Volatile.Read(ref _reportWanted).TrySetResult();
        try
        {
            _note($"target {slot.Key.Id} at {slot.EndPoint}: {changed.From} → {changed.To}{(changed.Reason is null ? "" : $" ({changed.Reason})")}");
        }
        catch (IOException)
        {
            // A full disk: the report and the metrics say the same.
        }
    }
}
