using System.Runtime.CompilerServices;

namespace OpenCluster.Store.Etcd;

/// <summary>One watch over as many connections as it takes: whenever one breaks, the next goes on after the last revision seen.</summary>
internal sealed class EtcdWatch(EtcdGateway gateway, EtcdKeys keys, EtcdOptions options)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    public async IAsyncEnumerable<ChangeBatch> RunAsync(
        string prefix, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = afterRevision;
        var pause = FirstPause;
        long? brokenSince = null;
        while (true)
        {
            Exception? broken = null;
            await using var answers = Open(prefix, position + 1, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await answers.MoveNextAsync())
                        break;
                }
                catch (Exception error) when (EtcdGateway.IsTransport(error) && !cancellationToken.IsCancellationRequested)
                {
                    broken = error;
                    break;
                }
                var answer = answers.Current;
                gateway.CheckCluster(answer.Header);
                if (answer.Canceled)
                {
                    if (answer.CompactRevision > 0)
                        throw new CompactedException(answer.CompactRevision);
                    broken = new IOException(answer.CancelReason ?? "etcd cancelled the watch");
                    break;
                }
                (pause, brokenSince) = (FirstPause, null);
                foreach (var batch in Batches(answer.Events ?? []))
                {
                    yield return batch;
                    position = batch.Revision;
                }
                // A progress notification: nothing happened under the prefix up to there, so going on later asks for less.
                if (answer is { Created: false, Events: null or { Count: 0 }, Header: { } header })
                    position = Math.Max(position, header.Revision);
            }
            brokenSince ??= options.Time.GetTimestamp();
            if (options.Time.GetElapsedTime(brokenSince.Value) > options.WatchPatience)
            {
                throw new StoreUnavailableException(
                    $"The watch of '{prefix}' could not go on for {options.WatchPatience.TotalSeconds:0.#} s: {broken?.Message ?? "etcd ends it each time"}.",
                    outcomeUnknown: false,
                    broken);
            }
            await Task.Delay(pause, options.Time, cancellationToken);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    private IAsyncEnumerable<WatchResponse> Open(string prefix, long startRevision, CancellationToken cancellationToken)
    {
        var key = keys.Of(prefix);
        var request = new WatchRequest(new WatchCreateRequest(key, EtcdKeys.EndOf(key), startRevision, ProgressNotify: true));
        return gateway.StreamAsync(
            "/v3/watch", request, EtcdJson.Default.WatchRequest, EtcdJson.Default.StreamedWatchResponse, cancellationToken);
    }

    /// <summary>One answer may hold several revisions, in order and each whole.</summary>
    private IEnumerable<ChangeBatch> Batches(IReadOnlyList<WatchEvent> events) => events
        .GroupBy(change => change.Kv.ModRevision)
        .Select(revision => new ChangeBatch(
            revision.Key,
            [.. revision.Select(change => new Change(keys.KeyOf(change.Kv.Key), change.IsDelete ? null : keys.DocumentOf(change.Kv)))]));
}
