using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenCluster.Store.Etcd;

/// <summary>Whether a call whose outcome is not known may simply be made again.</summary>
internal enum Repeat
{
    /// <summary>Doing it twice does no harm: the next member is tried.</summary>
    Safe,

    /// <summary>Tried again only when it surely never took effect; otherwise the caller is told that the outcome is unknown.</summary>
    Unsafe,
}

/// <summary>
/// Calls to etcd's JSON gateway (POST /v3/…): members in turn, a time limit on each, the user's token, errors as values.
/// Knows nothing of documents.
/// </summary>
internal sealed class EtcdGateway : IDisposable
{
    private readonly EtcdOptions options;
    private readonly HttpClient http;
    private readonly CancellationTokenSource closed = new();
    private volatile string? token;
    private int preferred;
    private ulong clusterId;

    public EtcdGateway(EtcdOptions options)
    {
        if (options.Endpoints.Count == 0)
            throw new ArgumentException("etcd needs at least one endpoint.");
        this.options = options;
        http = EtcdConnections.NewClient(options);
    }

    /// <summary>The cluster that answered first; an answer of another one is refused from then on. 0 before the first answer.</summary>
    public ulong ClusterId => Interlocked.Read(ref clusterId);

    /// <summary>One call; an error that is etcd's answer to the question itself comes back as a value.</summary>
    /// <exception cref="StoreUnavailableException">No member gave an answer.</exception>
    public async Task<(TAnswer? Answer, EtcdError? Error)> CallAsync<TRequest, TAnswer>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, Repeat repeat, CancellationToken cancellationToken)
        where TAnswer : class, IEtcdAnswer
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        var failures = new List<string>();
        for (var turn = 0; turn < options.Endpoints.Count; turn++)
        {
            var (endpoint, index) = Endpoint(turn);
            var attempt = await AttemptAsync(endpoint, path, body, answerType, cancellationToken);
            if (attempt.Error is { WantsNewToken: true } && options.UserName is not null)
                attempt = await AttemptAsync(endpoint, path, body, answerType, cancellationToken);
            if (attempt.Failure is null)
            {
                CheckCluster(attempt.Answer?.Header);
                Interlocked.Exchange(ref preferred, index);
                return (attempt.Answer, attempt.Error);
            }
            failures.Add($"{endpoint}: {attempt.Failure}");
            if (repeat == Repeat.Unsafe && attempt.OutcomeUnknown)
                throw Unavailable(failures, outcomeUnknown: true);
        }
        throw Unavailable(failures, outcomeUnknown: false);
    }

    /// <summary>A stream of answers from one member, which ends when the member ends it.</summary>
    /// <exception cref="Exception">One of which <see cref="IsTransport"/> is true: open another, which goes to the next member.</exception>
    public async IAsyncEnumerable<TAnswer> StreamAsync<TRequest, TAnswer>(
        string path,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<Streamed<TAnswer>> answerType,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TAnswer : class
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(closed.Token, cancellationToken);
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        var (endpoint, index) = Endpoint(0);
        // Should this one fail, the next goes elsewhere.
        Interlocked.Exchange(ref preferred, (index + 1) % options.Endpoints.Count);
        using var response = await OpenAsync(endpoint, path, body, either.Token);
        Interlocked.Exchange(ref preferred, index);
        await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
        await foreach (var answer in JsonSerializer.DeserializeAsyncEnumerable(stream, answerType, topLevelValues: true, either.Token))
        {
            if (answer?.Error is { } error)
            {
                Interlocked.Exchange(ref preferred, (index + 1) % options.Endpoints.Count);
                throw new HttpRequestException($"{endpoint}: {error.Message}");
            }
            if (answer?.Result is { } result)
                yield return result;
        }
        Interlocked.Exchange(ref preferred, (index + 1) % options.Endpoints.Count);
    }

    /// <summary>What a broken connection, a silent member or a broken answer throws.</summary>
    public static bool IsTransport(Exception error) =>
        error is HttpRequestException or IOException or OperationCanceledException or JsonException;

    /// <exception cref="StoreUnavailableException">The answer is another cluster's.</exception>
    public void CheckCluster(ResponseHeader? header)
    {
        if (header is null || header.ClusterId == 0)
            return;
        var known = Interlocked.CompareExchange(ref clusterId, header.ClusterId, 0);
        if (known != 0 && known != header.ClusterId)
        {
            throw new StoreUnavailableException(
                $"{options} answers as cluster {header.ClusterId:x}, before it was {known:x}. If it was restored on purpose, restart this process.",
                outcomeUnknown: true);
        }
    }

    /// <summary>Ends the streams; every later call is refused.</summary>
    public void Dispose()
    {
        closed.Cancel();
        http.Dispose();
    }

    private async Task<Attempt<TAnswer>> AttemptAsync<TAnswer>(
        Uri endpoint, string path, byte[] body, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
        where TAnswer : class
    {
        using var limit = new CancellationTokenSource(options.CallTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var used = await TokenAsync(endpoint, either.Token);
            using var message = Post(endpoint, path, body, used);
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.IsSuccessStatusCode)
                return new Attempt<TAnswer>(await ReadAsync(response, answerType, either.Token), null, null, false);
            var error = await ReadErrorAsync(response, used, either.Token);
            return error.WorthAnotherMember
                ? new Attempt<TAnswer>(null, null, error.Message, error.OutcomeUnknown)
                : new Attempt<TAnswer>(null, error, null, false);
        }
        catch (Exception error) when (IsTransport(error) && !cancellationToken.IsCancellationRequested)
        {
            var problem = limit.IsCancellationRequested ? $"no answer in {options.CallTimeout.TotalSeconds:0.#} s" : error.Message;
            return new Attempt<TAnswer>(null, null, problem, OutcomeUnknown: !NeverArrived(error));
        }
    }

    /// <summary>Opens a stream, with the time limit on its beginning only.</summary>
    private async Task<HttpResponseMessage> OpenAsync(Uri endpoint, string path, byte[] body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.CallTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var used = await TokenAsync(endpoint, either.Token);
        using var message = Post(endpoint, path, body, used);
        var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw new HttpRequestException($"{endpoint}: {(await ReadErrorAsync(response, used, either.Token)).Advice}");
    }

    private static HttpRequestMessage Post(Uri endpoint, string path, byte[] body, string? token)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, path)) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        // A member that is cut off from its leader then ends a watch instead of keeping silent.
        message.Headers.TryAddWithoutValidation("Grpc-Metadata-hasleader", "true");
        if (token is not null)
            message.Headers.TryAddWithoutValidation("Authorization", token);
        return message;
    }

    private async Task<string?> TokenAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        if (options.UserName is null || token is not null)
            return token;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new AuthenticateRequest(options.UserName, options.Password ?? ""), EtcdJson.Default.AuthenticateRequest);
        using var message = Post(endpoint, "/v3/auth/authenticate", body, token: null);
        using var response = await http.SendAsync(message, cancellationToken);
        if (response.IsSuccessStatusCode)
            return token = (await ReadAsync(response, EtcdJson.Default.AuthenticateResponse, cancellationToken)).Token;
        var error = await ReadErrorAsync(response, null, cancellationToken);
        if (error.WorthAnotherMember)
            throw new HttpRequestException(HttpRequestError.ConnectionError, error.Message);
        throw new StoreUnavailableException($"etcd does not let user {options.UserName} in: {error.Advice}", outcomeUnknown: false);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken) ?? throw new JsonException("an empty answer");
    }

    /// <summary>The error of an answer; a token it refuses is forgotten.</summary>
    private async Task<EtcdError> ReadErrorAsync(HttpResponseMessage response, string? used, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await ReadAsync(response, EtcdJson.Default.ErrorResponse, cancellationToken);
            var error = new EtcdError(answer.Code, answer.Message ?? $"HTTP {(int)response.StatusCode}", response.StatusCode);
            if (error.WantsNewToken && used == token)
                token = null;
            return error;
        }
        catch (JsonException)
        {
            // Something in between answered, in its own words.
            return new EtcdError(0, $"HTTP {(int)response.StatusCode}, and not in etcd's form", response.StatusCode);
        }
    }

    private static bool NeverArrived(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
    };

    private static StoreUnavailableException Unavailable(List<string> failures, bool outcomeUnknown) =>
        new($"etcd gave no answer ({string.Join("; ", failures)}). Check that most of its members run and can be reached.", outcomeUnknown);

    private (Uri Endpoint, int Index) Endpoint(int turn)
    {
        if (closed.IsCancellationRequested)
            throw new StoreUnavailableException("The store was closed.", outcomeUnknown: false);
        var index = (Volatile.Read(ref preferred) + turn) % options.Endpoints.Count;
        return (options.Endpoints[index], index);
    }

    /// <summary>How one member took one call: an answer, an error that is its answer, or a failure to give either.</summary>
    private readonly record struct Attempt<TAnswer>(TAnswer? Answer, EtcdError? Error, string? Failure, bool OutcomeUnknown)
        where TAnswer : class;
}
