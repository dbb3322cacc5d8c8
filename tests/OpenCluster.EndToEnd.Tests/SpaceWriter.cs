using System.Collections.Concurrent;
using System.Net.Sockets;

namespace OpenCluster.EndToEnd.Tests;

/// <summary>
/// Writes to a space without pause, each write confirmed by <c>WAIT</c> or not counted; looks for the primary among the copies whenever one
/// does not take a write, as an application does that reconnects.
/// </summary>
internal sealed class SpaceWriter : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<string> _copies;
    private readonly string _password;
    private readonly CancellationTokenSource _stop;
    private readonly Task _writing;
    private int _at;
    private int _next;

    public SpaceWriter(IReadOnlyList<string> copies, string password, CancellationToken ct)
    {
        (_copies, _password) = (copies, password);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _writing = Task.Run(WriteAsync, CancellationToken.None);
    }

    /// <summary>Numbers of confirmed writes; the key is <c>w:NUMBER</c> and the value the number.</summary>
    public ConcurrentQueue<int> Acknowledged { get; } = new();

    /// <summary>Errors seen, by their first word.</summary>
    public ConcurrentDictionary<string, int> Errors { get; } = new();

    /// <summary>Time until a write that began after now is confirmed.</summary>
    public async Task<TimeSpan> NextAsync()
    {
        var (began, from) = (TimeProvider.System.GetTimestamp(), Volatile.Read(ref _next));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (Acknowledged.LastOrDefault() <= from) await tick.WaitForNextTickAsync(limit.Token);
        return TimeProvider.System.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var limit = Limit();
                using var client = await RespClient.OpenAsync(_copies[_at % _copies.Count], _password, limit.Token);
                while (true) await WriteOneAsync(client);
            }
            catch (Exception refused) when (refused is IOException or SocketException or OperationCanceledException)
            {
                if (_stop.IsCancellationRequested) return;
                Errors.AddOrUpdate(refused is IOException ? refused.Message.Split(' ')[0] : refused.GetType().Name, 1, (_, count) => count + 1);
                _at++;
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    private async Task WriteOneAsync(RespClient client)
    {
        using var limit = Limit();
        var number = Interlocked.Increment(ref _next);
        await client.AskAsync(limit.Token, "SET", $"w:{number}", $"{number}");
        if ((await client.AskAsync(limit.Token, "WAIT", "1", "500")).Integer >= 1) Acknowledged.Enqueue(number);
    }

    private CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(Patience);
        return limit;
    }
}
