using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Demo;

/// <summary>A page to ask for, and how to tell a good answer from one that only looks like it. Null means good; else what is wrong.</summary>
internal sealed record Page(string Host, string Path, Func<string, string?> Check);

/// <summary>
/// A client as customers have it: two addresses from DNS, connections kept, the other address tried once when a connection cannot
/// be made or dies before the first byte of the answer to a GET. Sends at a fixed rate whatever the answers do (open loop), so
/// that a stall is seen as long waits and not as fewer requests.
/// </summary>
internal sealed class Browser : IDisposable
{
    /// <summary>Waiting longer than this for an answer is a failure.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Requests under way at once; beyond that the machine, not the cluster, would be measured.</summary>
    private const int MostAtOnce = 2000;

    private readonly Uri[] _balancers;
    private readonly Page[] _pages;
    private readonly Ledger _ledger;
    private readonly TimeProvider _time;
    private readonly HttpClient[] _clients;
    private readonly SemaphoreSlim _places = new(MostAtOnce);

    public Browser(IReadOnlyList<Uri> balancers, Page[] pages, Ledger ledger, TimeProvider time)
    {
        _balancers = [.. balancers];
        _pages = pages;
        _ledger = ledger;
        _time = time;
        _clients = [.. balancers.Select(_ => new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(1),
            MaxConnectionsPerServer = 64,
            AllowAutoRedirect = false,
        })
        { Timeout = Timeout.InfiniteTimeSpan })];
    }

    /// <summary>Sends <paramref name="perSecond"/> requests a second until cancelled, then waits for those under way.</summary>
    public async Task RunAsync(int perSecond, CancellationToken ct)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10), _time);
        var started = _time.GetTimestamp();
        long sent = 0;
        while (!ct.IsCancellationRequested)
        {
            var due = (long)(_time.GetElapsedTime(started).TotalSeconds * perSecond);
            for (; sent < due; sent++) Send(sent);
            try
            {
                await tick.WaitForNextTickAsync(ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        for (var place = 0; place < MostAtOnce; place++) await _places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (var client in _clients) client.Dispose();
        _places.Dispose();
    }

    private void Send(long number)
    {
        var page = _pages[number % _pages.Length];
        var first = (int)(number / _pages.Length % _balancers.Length);
        var entry = _ledger.Begin();
        if (_places.Wait(0)) _ = AskAsync(page, first, entry);
        else _ledger.End(entry, $"more than {MostAtOnce} requests were waiting at once");
    }

    private async Task AskAsync(Page page, int first, Ledger.Entry entry)
    {
        await Task.Yield();
        using var patience = new CancellationTokenSource(Patience, _time);
        var wrong = await TryAsync(page, first, patience.Token).ConfigureAwait(false);
        if (wrong is { MayTryOther: true } && _balancers.Length > 1)
        {
            _ledger.Retried(entry);
            wrong = await TryAsync(page, (first + 1) % _balancers.Length, patience.Token).ConfigureAwait(false);
        }

        _ledger.End(entry, wrong?.What);
        _places.Release();
    }

    private sealed record Wrong(string What, bool MayTryOther);

    private async Task<Wrong?> TryAsync(Page page, int balancer, CancellationToken ct)
    {
        var answered = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_balancers[balancer], page.Path));
            request.Headers.Host = page.Host;
            using var response = await _clients[balancer].SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
            answered = true;
            var body = await response.Content.ReadAsStringAsync(ct).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK) return new Wrong($"{page.Host}{page.Path} answered {(int)response.StatusCode}: {FirstLine(body)}", false);
            return page.Check(body) is { } bad ? new Wrong($"{page.Host}{page.Path}: {bad}", false) : null;
        }
        catch (OperationCanceledException)
        {
            var what = answered ? "the answer did not end" : "no answer";
            return new Wrong($"{page.Host}{page.Path} at {_balancers[balancer].Authority}: {what} within {Patience.TotalSeconds:0} s, at {_time.GetUtcNow():HH:mm:ss.fff}", false);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or SocketException)
        {
            return new Wrong($"{page.Host}{page.Path} at {_balancers[balancer].Authority}: {broken.Message}", MayTryOther: !answered);
        }
    }

    private static string FirstLine(string body) => body.Split('\n', 2)[0] is { Length: > 200 } line ? line[..200] : body.Split('\n', 2)[0];
}
