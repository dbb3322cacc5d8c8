using System.Collections.Immutable;
using OpenCluster.Controller.Conducting;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Git;

/// <summary>
/// For hosts that cannot send webhooks: asks the remote of every service with <c>poll</c> for its branches, and passes on what moved
/// since the last time as a push. A remote that does not answer is asked again at its next time.
/// </summary>
internal sealed partial class SourcePoller(ClusterLoop loop, CommitResolver git, TimeProvider time, ILogger<SourcePoller> log)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>By service id; as many as there are polled services.</summary>
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    private sealed record Polled(string ServiceId, string Git, TimeSpan Every, ImmutableArray<string?> Branches);

    private sealed record Seen(long At, RemoteRefs? Refs);

    public async Task RunAsync(CancellationToken ct)
    {
        using var tick = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await tick.WaitForNextTickAsync(ct)) await RoundAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The controller stops.
        }
    }

    private async Task RoundAsync(CancellationToken ct)
    {
        try
        {
            var polled = await loop.LookAsync(Services, ct);
            foreach (var gone in _seen.Keys.Except(polled.Select(p => p.ServiceId)).ToList()) _seen.Remove(gone);
            var due = polled.Where(p => !_seen.TryGetValue(p.ServiceId, out var seen) || time.GetElapsedTime(seen.At) >= p.Every).ToList();
            await Task.WhenAll(due.Select(p => PollAsync(p, ct)));
        }
        catch (Exception failed) when (!ct.IsCancellationRequested)
        {
            // A loop that is too busy to be asked, a git that cannot be started: asked again in the next round.
            LogFailed(log, failed.Message);
        }
    }

    private static ImmutableArray<Polled> Services(Conductor conductor) =>
    [
        .. conductor.Cluster.Services
            .Where(s => s.Source is { Git: not null, Poll: not null })
            .Select(s => new Polled(s.Id, s.Source!.Git!, s.Source.Poll!.Value, [.. s.Deployments.Select(d => d.Branch).Distinct()])),
    ];

    private async Task PollAsync(Polled service, CancellationToken ct)
    {
        var before = _seen.GetValueOrDefault(service.ServiceId)?.Refs;
        var refs = await git.RefsAsync(service.Git, ct);
        lock (_seen) _seen[service.ServiceId] = new Seen(time.GetTimestamp(), refs ?? before);
        if (refs is null) return;
        foreach (var branch in service.Branches)
        {
            var head = refs.HeadOf(branch);
            // The first look after a start may find what was pushed while no controller ran; a push of nothing new changes nothing.
            if (head is not null && head != before?.HeadOf(branch))
                await loop.HearAsync(new ClusterEvent.Pushed(service.ServiceId, branch, "poll"), ct);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "repositories could not be looked at: {Reason}")]
    private static partial void LogFailed(ILogger log, string reason);
}
