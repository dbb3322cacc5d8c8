using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenCluster.Client;

/// <summary>The load-balancers an app may ask: one at a time, another when that one is away. Any of them will do, they tell each other.</summary>
internal sealed class Balancers : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private const int MostAnswerBytes = 1 << 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(1) }) { MaxResponseContentBufferSize = MostAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
    private readonly string? _key;
    private Uri[] _all;
    private int _current;

    public Balancers(string token, string? key, Uri[] all)
    {
        if (all.Length == 0) throw new ArgumentException("Name at least one load-balancer.", nameof(all));
        _all = all;
        _key = key;
        Token = token;
    }

    public string Token { get; }

    /// <summary>The one asked last, first.</summary>
    public IEnumerable<Uri> InOrder
    {
        get
        {
            var (all, first) = (Volatile.Read(ref _all), Volatile.Read(ref _current));
            return Enumerable.Range(0, all.Length).Select(i => all[(first + i) % all.Length]);
        }
    }

    /// <summary>Learns of further load-balancers, as one of them has told them.</summary>
    public void Learn(IEnumerable<string> registrars, string scheme)
    {
        var known = Volatile.Read(ref _all);
        var more = registrars.Select(r => Uri.TryCreate($"{scheme}://{r}", UriKind.Absolute, out var url) ? url : null).OfType<Uri>().Where(u => !known.Any(k => k.Authority == u.Authority)).ToArray();
        if (more.Length > 0) Volatile.Write(ref _all, [.. known, .. more]);
    }

    /// <summary>Asks one after the other until one answers.</summary>
    /// <exception cref="RefusedException">One answered, with a refusal.</exception>
    /// <exception cref="HttpRequestException">None can be reached.</exception>
    public async Task<T?> AskAsync<T>(HttpMethod method, string path, ReadOnlyMemory<byte> body, JsonTypeInfo<T> type, CancellationToken ct) where T : class
    {
        Exception? last = null;
        foreach (var balancer in InOrder)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                limit.CancelAfter(Patience);
                using var request = Request(method, new Uri(balancer, path), body);
                using var answer = await _http.SendAsync(request, limit.Token).ConfigureAwait(false);
                var text = await answer.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
                if ((int)answer.StatusCode >= 500)
                {
                    last = new HttpRequestException($"{balancer} answered {(int)answer.StatusCode}.");
                    continue;
                }
                Volatile.Write(ref _current, Array.IndexOf(Volatile.Read(ref _all), balancer));
                if (!answer.IsSuccessStatusCode) throw Refusal((int)answer.StatusCode, text);
                return text.Length == 0 ? null : JsonSerializer.Deserialize(text, type);
            }
            catch (Exception away) when (away is HttpRequestException || (away is OperationCanceledException && !ct.IsCancellationRequested))
            {
                last = away;
            }
        }
        throw new HttpRequestException("None of the load-balancers answers.", last);
    }

    /// <summary>An event stream of the first that gives one.</summary>
    public async Task<HttpResponseMessage> StreamAsync(Uri balancer, string path, CancellationToken ct)
    {
        using var request = Request(HttpMethod.Get, new Uri(balancer, path), default);
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (answer.IsSuccessStatusCode) return answer;
        using (answer)
        {
            var text = await answer.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
            throw (int)answer.StatusCode >= 500 ? new HttpRequestException($"{balancer} answered {(int)answer.StatusCode}.") : Refusal((int)answer.StatusCode, text);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, Uri url, ReadOnlyMemory<byte> body)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (_key is not null) request.Headers.Add("OpenCluster-Key", _key);
        if (!body.IsEmpty) request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return request;
    }

    private static RefusedException Refusal(int status, byte[] text)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, ClientJson.Default.ProblemAnswer) is { Code.Length: > 0 } problem) return new RefusedException(problem.Code, $"{problem.Detail} {problem.Instead}".Trim());
        }
        catch (JsonException)
        {
            // Something else than a load-balancer answers there; the status is all there is to tell.
        }
        return new RefusedException("refused", $"The load-balancer answered {status}.");
    }
}
