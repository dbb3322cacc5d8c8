using System.Net.Sockets;

namespace OpenCluster.Benchmarks.Failover;

/// <summary>
/// Writes one after the other, each confirmed by <c>WAIT 1</c> or not counted, and goes round the copies until one takes writes whenever the
/// last one does not. The same for both, so that how a client library looks for the primary is no part of the figure.
/// </summary>
internal sealed class WriteLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly IReadOnlyList<string> _copies;
    private readonly string? _password;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly Task _writing;
    private readonly Lock _counting = new();
    private readonly List<(int Number, long At)> _confirmed = [];
    private int _at;
    private int _next;

    public WriteLoad(IReadOnlyList<string> copies, string? password, TimeProvider time, CancellationToken ct)
    {
        (_copies, _password, _time) = (copies, password, time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _writing = Task.Run(WriteAsync, CancellationToken.None);
    }

    /// <summary>Numbers of confirmed writes: key <c>w:NUMBER</c>.</summary>
    public IReadOnlyList<int> Confirmed
    {
        get
        {
            lock (_counting) return [.. _confirmed.Select(c => c.Number)];
        }
    }

    /// <summary>When the first write that began after <paramref name="since"/> was confirmed, as a duration from then; null while none was.</summary>
    public TimeSpan? After(long since, int begun)
    {
        lock (_counting) return _confirmed.Find(c => c.Number > begun && c.At > since) is { Number: > 0 } first ? _time.GetElapsedTime(since, first.At) : null;
    }

    /// <summary>Writes begun so far.</summary>
    public int Begun => Volatile.Read(ref _next);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var limit = Limit();
                using var connection = await RespConnection.OpenAsync(_copies[_at % _copies.Count], _password, limit.Token).ConfigureAwait(false);
                while (true) await WriteOneAsync(connection).ConfigureAwait(false);
            }
            catch (Exception refused) when (refused is IOException or SocketException or OperationCanceledException)
            {
                _at++;
                await Task.Delay(Pause, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task WriteOneAsync(RespConnection connection)
    {
        using var limit = Limit();
        var number = Interlocked.Increment(ref _next);
        await connection.AskAsync(limit.Token, "SET", $"w:{number}", $"{number}").ConfigureAwait(false);
        if ((await connection.AskAsync(limit.Token, "WAIT", "1", "300").ConfigureAwait(false)).Integer < 1) return;
        lock (_counting) _confirmed.Add((number, _time.GetTimestamp()));
    }

    private CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Patience);
        return limit;
    }
}
