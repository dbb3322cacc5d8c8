using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using OpenCluster.Agent.Connection;
using OpenCluster.Agent.Logs;
using OpenCluster.Agent.Processes;
using OpenCluster.Api;
using OpenCluster.Api.Requests;

namespace OpenCluster.Agent.Tasks;

/// <summary>
/// What people ask of this server's instances through the controller: a log, a command beside an instance. At most 8 at once; output waits
/// for its reader (64 KiB), and when nobody reads any more the task ends: the controller says so, or the next write fails.
/// </summary>
internal sealed class TaskRunner(AgentLoop loop, Supervisor supervisor, AgentDirectory directory, IController controller, AgentLog log, TimeProvider time)
{
    private const int MostAtOnce = 8;
    private static readonly TimeSpan ExecTime = TimeSpan.FromHours(1);
    private const long ExecOutputBytes = 64 << 20;

    private readonly SemaphoreSlim _room = new(MostAtOnce);

    /// <summary>Those under way and those that wait for room; bounded by the controller, which has 256 under way in all.</summary>
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _asked = new(StringComparer.Ordinal);

    public async Task RunAsync(string serverId, CancellationToken ct)
    {
        await foreach (var task in controller.TasksAsync(serverId, ct))
        {
            if (task.Kind is TaskKind.Cancel) await CancelAsync(task.Id);
            else Begin(task, ct);
        }
    }

    private async Task CancelAsync(string id)
    {
        if (_asked.TryRemove(id, out var ending)) await ending.CancelAsync();
    }

    private void Begin(AgentTask task, CancellationToken ct)
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (!_asked.TryAdd(task.Id, ending)) return; // the same one again, after the stream was opened anew
        _ = loop.Beside(async () =>
        {
            try
            {
                await _room.WaitAsync(ending.Token);
                try { await ServeAsync(task, ending, ct); }
                finally { _room.Release(); }
            }
            finally
            {
                // Not disposed: a cancel may be under way. It holds no timer.
                _asked.TryRemove(KeyValuePair.Create(task.Id, ending));
            }
        });
    }

    private async Task ServeAsync(AgentTask task, CancellationTokenSource ending, CancellationToken ct)
    {
        var pipe = new Pipe();
        var sending = SendAsync(task, pipe.Reader.AsStream(), ending);
        try
        {
            await WriteAsync(task, pipe.Writer.AsStream(leaveOpen: true), ending.Token);
        }
        catch (AgentException refused)
        {
            await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(refused.Message + "\n"), ct);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            log.Info($"task {task.Id} ended: nobody reads it any more");
        }
        finally
        {
            await pipe.Writer.CompleteAsync();
            await sending;
        }
    }

    private async Task SendAsync(AgentTask task, Stream output, CancellationTokenSource ending)
    {
        try
        {
            await controller.SendTaskOutputAsync(task.Id, output, ending.Token);
        }
        catch (Exception gone) when (gone is UnreachableException or ProblemException or HttpRequestException or OperationCanceledException)
        {
            log.Info($"task {task.Id} could not be answered to its end: {gone.Message}");
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private Task WriteAsync(AgentTask task, Stream to, CancellationToken ct) => task.Kind switch
    {
        TaskKind.Logs => LogsAsync(task, to, ct),
        TaskKind.Exec => ExecAsync(task, to, ct),
        _ => throw new AgentException("unknown-task", $"this agent does not know the task {task.Kind}; it is older than the controller"),
    };

    private async Task LogsAsync(AgentTask task, Stream to, CancellationToken ct)
    {
        var path = await loop.AskAsync(() => supervisor.Keeper(task.InstanceId).Log.Path, ct);
        await foreach (var piece in LogReading.ReadAsync(path, task.Lines, task.Follow, time, ct))
            await to.WriteAsync(piece, ct);
    }

    /// <summary>Runs the command as the instance's user, in its directory and environment; the last line is <c>exit CODE</c>.</summary>
    private async Task ExecAsync(AgentTask task, Stream to, CancellationToken ct)
    {
        if (task.Command.IsEmpty) throw new AgentException("no-command", "there is no command to run");
        var output = Path.Combine(directory.Downloads, AgentDirectory.Name("task-" + task.Id));
        var launch = await loop.AskAsync(() => supervisor.Keeper(task.InstanceId).Beside(task.Command) with { Log = output, FileBytes = ExecOutputBytes }, ct);
        using var process = launch.Start();
        using var limit = new CancellationTokenSource(ExecTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
        try
        {
            var reading = CopyAsync(output, to, ended.Token);
            await process.WaitForExitAsync(either.Token);
            await ended.CancelAsync();
            var at = await reading;
            await using (var rest = new FileStream(output, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite))
            {
                rest.Seek(at, SeekOrigin.Begin);
                await rest.CopyToAsync(to, either.Token);
            }
            await to.WriteAsync(Encoding.ASCII.GetBytes($"exit {process.ExitCode}\n"), either.Token);
        }
        finally
        {
            new Session(process.Id, "").Kill(others: false);
            File.Delete(output);
        }
    }

    /// <summary>Copies what is written until cancelled; answers how far it came.</summary>
    private async Task<long> CopyAsync(string path, Stream to, CancellationToken ct)
    {
        long copied = 0;
        try
        {
            await foreach (var piece in LogReading.ReadAsync(path, int.MaxValue - 1, follow: true, time, ct))
            {
                await to.WriteAsync(piece, CancellationToken.None);
                copied += piece.Length;
            }
        }
        catch (OperationCanceledException)
        {
            return copied;
        }
        return copied;
    }
}
