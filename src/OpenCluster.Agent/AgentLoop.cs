using System.Threading.Channels;

namespace OpenCluster.Agent;

/// <summary>
/// The one thread of control that owns every instance's state: what happens elsewhere (an exit, an answer, a request) is posted here and
/// handled in order. A post waits when 10,000 are waiting.
/// </summary>
internal sealed class AgentLoop(TimeProvider time, AgentLog log)
{
    private readonly Channel<Action> _inbox = Channel.CreateBounded<Action>(new BoundedChannelOptions(10_000) { SingleReader = true });

    private static readonly TimeSpan BeginAgain = TimeSpan.FromSeconds(1);

    /// <summary>Errors that no handler expected; the loop went on.</summary>
    public int Faults { get; private set; }

    public ValueTask PostAsync(Action action) => _inbox.Writer.WriteAsync(action);

    /// <summary>Asks the owner of the state, and waits for the answer.</summary>
    public async Task<T> AskAsync<T>(Func<T> question, CancellationToken ct)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _inbox.Writer.WriteAsync(() =>
        {
            try { answer.SetResult(question()); }
            catch (AgentException refused) { answer.SetException(refused); }
            catch (Exception fault)
            {
                // Whoever asks must not wait for ever for an answer that nobody can give.
                answer.SetException(fault);
                throw;
            }
        }, ct);
        return await answer.Task.WaitAsync(ct);
    }

    /// <summary>Runs a task beside the loop; an error that nobody handled in it is logged here. What is answered never fails.</summary>
    public async Task Beside(Func<Task> work)
    {
        try { await Task.Run(work); }
        catch (OperationCanceledException) { return; }
        catch (Exception fault) { Fault(fault); }
    }

    /// <summary>Runs what must last as long as the agent: when it ends, whatever the reason, it is logged and begun again a moment later.</summary>
    public async Task Lasting(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try { await Task.Run(() => work(ct), ct); }
            catch (OperationCanceledException) when (ct.IsCancellationRequested) { return; }
            catch (Exception fault) { Fault(fault); }
            await Task.Delay(BeginAgain, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <param name="wake">Does what is due and answers when the next thing will be.</param>
    public async Task RunAsync(Func<DateTimeOffset?> wake, Func<DateTimeOffset> now, CancellationToken ct)
    {
        using var timer = time.CreateTimer(_ => _inbox.Writer.TryWrite(static () => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (!ct.IsCancellationRequested)
        {
            while (_inbox.Reader.TryRead(out var action)) Guarded(action);
            DateTimeOffset? due = null;
            Guarded(() => due = wake());
            if (due is { } at)
            {
                var wait = at - now();
                timer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
            try { await _inbox.Reader.WaitToReadAsync(ct); }
            catch (OperationCanceledException) { return; }
        }
    }

    /// <summary>Does it; an error that nobody handled in it is logged, and what comes after it goes on.</summary>
    public void Guarded(Action action)
    {
        try { action(); }
        catch (Exception fault) { Fault(fault); }
    }

    private void Fault(Exception fault)
    {
        Faults++;
        log.Warn($"unexpected: {fault}");
    }
}
