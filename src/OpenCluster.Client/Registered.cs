namespace OpenCluster.Client;

/// <summary>
/// An app that is registered, and stays so: renewed three times within its lease, with whichever load-balancer answers; registered anew when
/// the lease is unknown everywhere. Disposing it ends the registration.
/// </summary>
public sealed class Registered : IAsyncDisposable
{
    private const string Root = "/v1/registrations";
    private static readonly TimeSpan GoodbyeWithin = TimeSpan.FromSeconds(3);

    private readonly Balancers _balancers;
    private readonly AppRegistration _app;
    private readonly ReadOnlyMemory<byte> _body;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;
    private readonly ReverseLines? _lines;
    private RegistrationAnswer _answer;
    private long _renewals;

    internal Registered(Balancers balancers, AppRegistration app, ReadOnlyMemory<byte> body, RegistrationAnswer first, TimeProvider time)
    {
        _balancers = balancers;
        _app = app;
        _body = body;
        _time = time;
        _answer = first;
        if (app.Reverse) _lines = new ReverseLines(balancers, () => Volatile.Read(ref _answer).Url, app.Port, time);
        _renewing = Task.Run(RenewAsync);
    }

    /// <summary><c>checking</c>, <c>serving</c>, <c>down</c> or <c>conflict</c>, as of the last renewal.</summary>
    public string State => Volatile.Read(ref _answer).State;

    /// <summary>Why it does not serve; empty when it does.</summary>
    public string Reason => Volatile.Read(ref _answer).Reason;

    /// <summary>How often it has been renewed, or registered anew.</summary>
    public long Renewals => Interlocked.Read(ref _renewals);

    /// <summary>Why the last renewal failed; null when it did not.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Raised when another process has registered as the same instance: this one is no longer sent requests.</summary>
    public event Action? Replaced;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(GoodbyeWithin, _time);
        try
        {
            await _balancers.AskAsync(HttpMethod.Delete, _answer.Url, default, ClientJson.Default.RegistrationAnswer, limit.Token).ConfigureAwait(false);
        }
        catch (Exception unheard) when (unheard is HttpRequestException or RefusedException or OperationCanceledException)
        {
            // Nobody heard the goodbye, or it had ended already: the lease runs out by itself.
        }
        if (_lines is not null) await _lines.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    internal static async Task<RegistrationAnswer> RegisterAsync(Balancers balancers, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var answer = await balancers.AskAsync(HttpMethod.Post, Root, body, ClientJson.Default.RegistrationAnswer, ct).ConfigureAwait(false) ?? throw new HttpRequestException("The load-balancer's answer was empty.");
        balancers.Learn(answer.Registrars ?? [], balancers.InOrder.First().Scheme);
        return answer;
    }

    private async Task RenewAsync()
    {
        var every = TimeSpan.FromSeconds(_app.TtlSeconds) / 3;
        while (!_stop.IsCancellationRequested)
        {
            // Sooner after a failure: two more tries fit into the lease, and one of them should find another load-balancer.
            await Task.Delay(Trouble is null ? every : every / 4, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested) return;
            try
            {
                Volatile.Write(ref _answer, await RenewOnceAsync().ConfigureAwait(false));
                Interlocked.Increment(ref _renewals);
                Trouble = null;
            }
            catch (RefusedException replaced) when (replaced.Code == "registration-replaced")
            {
                Trouble = replaced.Message;
                Replaced?.Invoke();
                return;
            }
            catch (Exception failed) when (failed is RefusedException or HttpRequestException || (failed is OperationCanceledException && !_stop.IsCancellationRequested))
            {
                Trouble = failed.Message;
            }
        }
    }

    private async Task<RegistrationAnswer> RenewOnceAsync()
    {
        try
        {
            return await _balancers.AskAsync(HttpMethod.Put, _answer.Url, default, ClientJson.Default.RegistrationAnswer, _stop.Token).ConfigureAwait(false) ?? _answer;
        }
        catch (RefusedException forgotten) when (forgotten.Code == "registration-unknown")
        {
            return await RegisterAsync(_balancers, _body, _stop.Token).ConfigureAwait(false);
        }
    }
}
