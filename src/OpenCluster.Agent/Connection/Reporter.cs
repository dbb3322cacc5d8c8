using OpenCluster.Api.Client;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Connection;

/// <summary>
/// Reports at every heartbeat, and at once when something has changed (several changes within 20 ms are one report). While the
/// controller is away it tries less and less often, up to every 2 s, with jitter, so that a thousand agents do not return as one.
/// </summary>
/// <param name="reached">Says that the controller can be reached again: then the next try is made at once.</param>
internal sealed class Reporter(IController controller, Func<CancellationToken, Task<ServerReport>> report, Signal reached, TimeProvider time, AgentLog log)
{
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(2);
    /// <summary>A report that takes longer is given up: the next one says more.</summary>
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _changed = new(0, 1);

    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromMilliseconds(500);

    public void Changed()
    {
        try { _changed.Release(); }
        catch (SemaphoreFullException) { return; } // one that is waiting says it all
    }

    public async Task RunAsync(CancellationToken ct)
    {
        var wait = First;
        var away = false;
        while (true)
        {
            var heard = reached.Next;
            if (await SendAsync(ct) is { } why)
            {
                if (!away) log.Warn($"reports do not reach the controller: {why}");
                away = true;
                await heard.WaitAsync(wait * (0.5 + (Random.Shared.NextDouble() / 2)), time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ct.ThrowIfCancellationRequested();
                wait = wait * 2 < Most ? wait * 2 : Most;
                continue;
            }
            if (away) log.Info("the controller hears reports again");
            (away, wait) = (false, First);
            if (await _changed.WaitAsync(Heartbeat, ct)) await Task.Delay(Gather, time, ct);
        }
    }

    private async Task<string?> SendAsync(CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(CallTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await controller.ReportAsync(await report(either.Token), either.Token);
            return null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"no answer within {CallTime.TotalSeconds} s";
        }
        catch (Exception failed) when (!ct.IsCancellationRequested)
        {
            return failed.Message;
        }
    }
}
