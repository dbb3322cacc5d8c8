using System.Runtime.CompilerServices;

namespace OpenCluster.Api.Client;

/// <summary>
/// A watch that comes back: when the stream ends or the controller is away it waits (100 ms, doubled to 2 s at most, with jitter so
/// that a thousand agents do not return at once) and opens it again from the last revision seen.
/// </summary>
public static class Reconnecting
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(2);
    private static readonly Task Never = new TaskCompletionSource().Task;

    /// <param name="open">Opens the watch, given the last item seen (null at first).</param>
    /// <param name="away">Told once each time the controller goes away, with the reason.</param>
    /// <param name="reached">Says that the controller answers (somebody else heard it): then the wait is over at once. Null when nobody can say.</param>
    public static async IAsyncEnumerable<T> WatchAsync<T>(
        Func<T?, CancellationToken, IAsyncEnumerable<T>> open, Action<Exception> away, TimeProvider time, [EnumeratorCancellation] CancellationToken ct,
        Signal? reached = null)
        where T : class
    {
        T? last = null;
        var wait = First;
        while (!ct.IsCancellationRequested)
        {
            await using (var items = open(last, ct).GetAsyncEnumerator(ct))
            {
                while (await NextAsync(items, away, ct).ConfigureAwait(false))
                {
                    wait = First;
                    last = items.Current;
                    yield return last;
                }
            }

            // Taken only now: what was heard while the stream stood says nothing about the time after it.
            var heard = reached?.Next ?? Never;
            await heard.WaitAsync(wait * (0.5 + Random.Shared.NextDouble() / 2), time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < Most ? wait * 2 : Most;
        }
    }

    private static async ValueTask<bool> NextAsync<T>(IAsyncEnumerator<T> items, Action<Exception> away, CancellationToken ct)
    {
        try
        {
            return await items.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception gone) when (gone is UnreachableException or ProblemException or OperationCanceledException)
        {
            away(gone);
            return false;
        }
    }
}
