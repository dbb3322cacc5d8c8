using System.Threading.Channels;

namespace OpenCluster.Agent.Sets;

/// <summary>
/// What is done to a copy's process, one after the other and in order, beside the loop that decides: a process that does not answer must not hold up
/// leases and votes. Each act belongs to one life of the process; those of a life that is over are skipped, and count as done.
/// </summary>
internal sealed class ActQueue(Action<Action> post, TimeProvider time)
{
    /// <summary>A copy's decisions make a handful at a time, and looks wait for each other.</summary>
    private const int MostWaiting = 1000;

    private readonly Channel<Act> _acts = Channel.CreateBounded<Act>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private (ISetDriver? Driver, int Life) _now = (null, 0);

    /// <param name="Done">On the loop, when it was done or its life is over.</param>
    /// <param name="Failed">On the loop, when it failed in a life that still lasts.</param>
    private sealed record Act(int Life, Func<ISetDriver, CancellationToken, Task>? Io, Action? Done, Action<string>? Failed);

    /// <summary>A new process, or none.</summary>
    public int Begin(ISetDriver? driver)
    {
        lock (_acts)
        {
            _now.Driver?.Dispose();
            _now = (driver, _now.Life + 1);
            return _now.Life;
        }
    }

    public void Do(Func<ISetDriver, CancellationToken, Task>? io, Action? done, Action<string>? failed)
    {
        lock (_acts)
            if (!_acts.Writer.TryWrite(new Act(_now.Life, io, done, failed))) failed?.Invoke($"{MostWaiting} acts wait for the process");
    }

    public async Task RunAsync(CancellationToken ct)
    {
        await foreach (var act in _acts.Reader.ReadAllAsync(ct))
        {
            var why = act.Io is { } io && DriverOf(act.Life) is { } driver ? await TryAsync(io, driver, ct) : null;
            if (why is not null && act.Failed is { } failed)
            {
                // The end of a process is seen by its connection first, and by its agent a moment later: then it has not disobeyed, it is gone.
                await Task.Delay(SetTimes.Look, time, ct);
                if (DriverOf(act.Life) is not null) post(() => failed(why));
                else if (act.Done is { } over) post(over);
            }
            else if (why is null && act.Done is { } done)
            {
                post(done);
            }
        }
    }

    private ISetDriver? DriverOf(int life)
    {
        lock (_acts) return _now.Life == life ? _now.Driver : null;
    }

    private async Task<string?> TryAsync(Func<ISetDriver, CancellationToken, Task> io, ISetDriver driver, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, SetTimes.Call, Timeout.InfiniteTimeSpan);
        try
        {
            await io(driver, limit.Token);
            return null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"no answer within {SetTimes.Call.TotalSeconds:0.#} s";
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return failed.Message;
        }
    }
}
