using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Tests.Support;

/// <summary>
/// An agent that runs nothing and says that all is well: follows its assignment, uploads an archive for each build, reports every
/// instance as ready. What makes a release bad, and what a task answers, the test says.
/// </summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _api;
    private readonly string _server;
    private readonly Task _running;
    private readonly ConcurrentDictionary<string, BuildStatus> _builds = new();
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private long _sequence;

    public FakeAgent(ApiClient api, string server)
    {
        _server = server;
        _api = api;
        _running = Task.WhenAll(WatchAsync(), ReportAsync(), TasksAsync());
    }

    /// <summary>The newest assignment; null before the first.</summary>
    public Assignment? Assignment { get; private set; }

    /// <summary>Assignments received, to see that none comes twice.</summary>
    public int Received { get; private set; }

    /// <summary>Builds are held back while this is false.</summary>
    public bool MayBuild { get; set; } = true;

    /// <summary>What an instance is, instead of ready.</summary>
    public Func<InstanceOrder, InstanceStatus?> Unusual { get; set; } = _ => null;

    /// <summary>Answer to a log or exec task.</summary>
    public Func<AgentTask, Stream> Answer { get; set; } = task => new MemoryStream(Encoding.UTF8.GetBytes($"{task.Kind} of {task.InstanceId}\n"));

    /// <summary>Tasks that were cancelled.</summary>
    public ConcurrentBag<string> Cancelled { get; } = [];

    public static byte[] ArchiveOf(string releaseId) => Encoding.UTF8.GetBytes($"archive of {releaseId}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _api.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        var assignments = Reconnecting.WatchAsync<Assignment>(
            (last, ct) => _api.AssignmentsAsync(_server, last?.Revision ?? 0, ct), _ => { }, TimeProvider.System, _stop.Token);
        await foreach (var assignment in assignments)
        {
            Assignment = assignment;
            Received++;
        }
    }

    private async Task ReportAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (Assignment is { } assignment) await ReportAsync(assignment);
            }
            catch (Exception away) when (away is UnreachableException or ProblemException)
            {
                // As a real agent: say it again later.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReportAsync(Assignment assignment)
    {
        foreach (var build in assignment.Builds.Where(_ => MayBuild))
        {
            if (_builds.ContainsKey(build.ReleaseId)) continue;
            var archive = ArchiveOf(build.ReleaseId);
            await _api.UploadArchiveAsync(build.ReleaseId, new MemoryStream(archive), _stop.Token);
            _builds[build.ReleaseId] = new BuildStatus
            {
                ReleaseId = build.ReleaseId,
                Phase = BuildPhase.Done,
                Digest = Convert.ToHexStringLower(SHA256.HashData(archive)),
                SizeBytes = archive.Length,
            };
        }

        await _api.ReportServerAsync(
            new ServerReport
            {
                ServerId = assignment.ServerId,
                BootId = "boot-1",
                AgentStarted = _started,
                Sequence = ++_sequence,
                Revision = assignment.Revision,
                Version = "1.2.3",
                Address = "127.0.0.1",
                Instances = [.. assignment.Instances.Select(i => Unusual(i) ?? Ready(i))],
                Builds = [.. _builds.Values.Where(b => assignment.Builds.Any(o => o.ReleaseId == b.ReleaseId))],
            },
            _stop.Token);
    }

    public static InstanceStatus Ready(InstanceOrder order) => new()
    {
        Id = order.Id,
        ReleaseId = order.Release?.Id,
        Phase = order.Wanted switch { Wanted.Stop => InstancePhase.Stopped, Wanted.Drain => InstancePhase.Draining, _ => InstancePhase.Ready },
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 20000),
    };

    private async Task AnswerAsync(AgentTask task)
    {
        try
        {
            await _api.SendTaskOutputAsync(task.Id, Answer(task), _stop.Token);
        }
        catch (Exception gone) when (gone is UnreachableException or ProblemException or OperationCanceledException)
        {
            // Nobody reads it any more.
        }
    }

    private async Task TasksAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var task in _api.TasksAsync(_server, _stop.Token))
                {
                    if (task.Kind is TaskKind.Cancel) Cancelled.Add(task.Id);
                    else _ = AnswerAsync(task);
                }
            }
            catch (Exception away) when (away is UnreachableException or ProblemException or OperationCanceledException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
