using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OpenCluster.Agent.Connection;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Fakes;

/// <summary>A controller that says what the test wants, hears every report, and can be away.</summary>
internal sealed class FakeController : IController
{
    private readonly Channel<Assignment> _assignments = Channel.CreateUnbounded<Assignment>();
    private readonly Channel<AgentTask> _tasks = Channel.CreateUnbounded<AgentTask>();
    private readonly Lock _hearing = new();
    private TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ServerReport? Last { get; private set; }
    public bool Away { get; set; }
    public ConcurrentDictionary<string, byte[]> Archives { get; } = new();
    public ConcurrentDictionary<string, byte[]> Sources { get; } = new();
    public ConcurrentDictionary<string, MemoryStream> Outputs { get; } = new();

    public ImmutableArray<SecretValueView> Secrets { get; set; } = [];

    public void Say(Assignment assignment) => _assignments.Writer.TryWrite(assignment);

    public void Ask(AgentTask task) => _tasks.Writer.TryWrite(task);

    /// <summary>Waits until a report is as expected; at most 20 s.</summary>
    public async Task<ServerReport> HearAsync(Func<ServerReport, bool> expected, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            Task heard;
            lock (_hearing)
            {
                if (Last is { } last && expected(last)) return last;
                heard = _heard.Task;
            }
            try { await heard.WaitAsync(limit.Token); }
            catch (OperationCanceledException late)
            {
                var seen = string.Join("; ", Last?.Instances.Select(i => $"{i.Id} {i.Phase} pid {i.Pid} restarts {i.Restarts} {i.Failure?.Code} {i.Failure?.Reason}") ?? []);
                var builds = string.Join("; ", Last?.Builds.Select(b => $"{b.ReleaseId} {b.Phase} {b.Failure?.Code} {b.Failure?.Reason} | {string.Join('|', b.Failure?.Log ?? [])}") ?? []);
                throw new TimeoutException($"never heard: {what}. Last: {seen} {builds}", late);
            }
        }
    }

    public async IAsyncEnumerable<Assignment> AssignmentsAsync(string serverId, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var assignment in _assignments.Reader.ReadAllAsync(ct)) yield return assignment;
    }

    public Task ReportAsync(ServerReport report, CancellationToken ct)
    {
        ThrowIfAway();
        lock (_hearing)
        {
            Last = report;
            _heard.SetResult();
            _heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return Task.CompletedTask;
    }

    public Task<Stream> ArchiveAsync(string releaseId, CancellationToken ct) => Give(Archives, releaseId);

    public Task<Stream> SourceAsync(string digest, CancellationToken ct) => Give(Sources, digest);

    public Task<ImmutableArray<SecretValueView>> SecretsAsync(string serverId, CancellationToken ct)
    {
        ThrowIfAway();
        return Task.FromResult(Secrets);
    }

    public async Task UploadArchiveAsync(string releaseId, Stream archive, CancellationToken ct)
    {
        ThrowIfAway();
        var copy = new MemoryStream();
        await archive.CopyToAsync(copy, ct);
        Archives[releaseId] = copy.ToArray();
    }

    public async IAsyncEnumerable<SetOrder> SetOrdersAsync(string serverId, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        yield break;
    }

    public Task SaySetsAsync(string serverId, SetWords words, CancellationToken ct) => Task.CompletedTask;

    public async IAsyncEnumerable<AgentTask> TasksAsync(string serverId, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var task in _tasks.Reader.ReadAllAsync(ct)) yield return task;
    }

    public async Task SendTaskOutputAsync(string taskId, Stream output, CancellationToken ct)
    {
        var heard = Outputs.GetOrAdd(taskId, _ => new MemoryStream());
        var buffer = new byte[4096];
        for (int read; (read = await output.ReadAsync(buffer, ct)) > 0;)
            lock (heard) heard.Write(buffer, 0, read);
    }

    private Task<Stream> Give(ConcurrentDictionary<string, byte[]> from, string key)
    {
        ThrowIfAway();
        return from.TryGetValue(key, out var bytes)
            ? Task.FromResult<Stream>(new MemoryStream(bytes))
            : throw new ProblemException(new Problem { Title = "Not found", Status = 404, Code = "not-found", Detail = $"there is no {key}" });
    }

    private void ThrowIfAway()
    {
        if (Away) throw new UnreachableException("http://127.0.0.1:1", null);
    }
}
