using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using OpenCluster.Agent.Trust;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Connection;

/// <summary>
/// The controller over its API, as the server that this agent has joined as: until it has, everything waits. With several controllers the
/// next is tried when one is not reachable.
/// </summary>
/// <param name="reached">Raised when a call is answered after one was not; the watches that wait to be opened again wait for it, too.</param>
internal sealed class ApiController(AgentOptions options, AgentIdentity identity, Signal reached, AgentLog log, TimeProvider time) : IController, IDisposable
{
    private readonly Lock _choosing = new();
    private ApiClient? _client;
    private bool _away;
    private int _next;

    public IAsyncEnumerable<Assignment> AssignmentsAsync(string serverId, CancellationToken ct) =>
        WatchAsync<Assignment>((client, last, token) => client.AssignmentsAsync(serverId, last?.Revision ?? 0, token), ct);

    public IAsyncEnumerable<AgentTask> TasksAsync(string serverId, CancellationToken ct) =>
        WatchAsync<AgentTask>((client, _, token) => client.TasksAsync(serverId, token), ct);

    public IAsyncEnumerable<SetOrder> SetOrdersAsync(string serverId, CancellationToken ct) =>
        WatchAsync<SetOrder>((client, _, token) => client.SetOrdersAsync(serverId, token), ct);

    public Task SaySetsAsync(string serverId, SetWords words, CancellationToken ct) => CallAsync(c => c.SaySetsAsync(serverId, words, ct));

    public Task ReportAsync(ServerReport report, CancellationToken ct) => CallAsync(c => c.ReportServerAsync(report, ct));

    public async Task<Stream> ArchiveAsync(string releaseId, CancellationToken ct) => await CallAsync(c => c.ArchiveAsync(releaseId, ct));

    public async Task<Stream> SourceAsync(string digest, CancellationToken ct) => await CallAsync(c => c.SourceAsync(digest, ct));

    public async Task<ImmutableArray<SecretValueView>> SecretsAsync(string serverId, CancellationToken ct)
    {
        await identity.JoinedAsync(ct);
        return await CallAsync(c => c.ServerSecretsAsync(serverId, ct));
    }

    public Task UploadArchiveAsync(string releaseId, Stream archive, CancellationToken ct) => CallAsync(c => c.UploadArchiveAsync(releaseId, archive, ct));

    public Task SendTaskOutputAsync(string taskId, Stream output, CancellationToken ct) => CallAsync(c => c.SendTaskOutputAsync(taskId, output, ct));

    public void Dispose() => _client?.Dispose();

    private IAsyncEnumerable<T> WatchAsync<T>(Func<ApiClient, T?, CancellationToken, IAsyncEnumerable<T>> open, CancellationToken ct)
        where T : class =>
        Reconnecting.WatchAsync<T>((last, token) => FollowAsync(open, last, token), gone => log.Warn($"the controller is away, going on with the last assignment: {gone.Message}"), time, ct, reached);

    private async IAsyncEnumerable<T> FollowAsync<T>(
        Func<ApiClient, T?, CancellationToken, IAsyncEnumerable<T>> open, T? last, [EnumeratorCancellation] CancellationToken ct)
        where T : class
    {
        await identity.JoinedAsync(ct);
        var client = Client();
        await using var items = open(client, last, ct).GetAsyncEnumerator(ct);
        while (await CallAsync(_ => items.MoveNextAsync().AsTask(), client)) yield return items.Current;
    }

    private Task CallAsync(Func<ApiClient, Task> call) =>
        CallAsync(async client =>
        {
            await call(client);
            return true;
        });

    private async Task<T> CallAsync<T>(Func<ApiClient, Task<T>> call, ApiClient? over = null)
    {
        var client = over ?? Client();
        try
        {
            var answer = await call(client);
            Answered();
            return answer;
        }
        catch (Exception gone) when (gone is UnreachableException || gone is ProblemException { Problem.Status: 401 })
        {
            Volatile.Write(ref _away, true);
            if (gone is ProblemException) identity.RenewNow();
            Leave(client);
            throw;
        }
        catch (ProblemException)
        {
            // A refusal is an answer, too.
            Answered();
            throw;
        }
    }

    private void Answered()
    {
        if (Interlocked.Exchange(ref _away, false)) reached.Raise();
    }

    private ApiClient Client()
    {
        lock (_choosing) return _client ??= new ApiClient(options.Controllers[_next % options.Controllers.Length], null, time, identity.Credentials, identity.Machine);
    }

    // Not disposed: others may be in the middle of a call on it. Its idle connections close by themselves.
    private void Leave(ApiClient client)
    {
        lock (_choosing)
        {
            if (_client != client) return;
            _client = null;
            _next++;
        }
    }
}
