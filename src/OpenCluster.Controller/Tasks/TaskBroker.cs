using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;

namespace OpenCluster.Controller.Tasks;

/// <summary>
/// Between somebody who asks (logs, exec) and the agent that can answer: agents are never called, so the task goes down the agent's
/// stream and its output comes back as the agent's own request, joined here to the one that waits.
/// </summary>
internal sealed class TaskBroker(TimeProvider time)
{
    /// <summary>Tasks under way at once; each holds two requests and one bounded pipe.</summary>
    private const int MaxTasks = 256;
    private const int MaxWaitingPerServer = 64;

    /// <summary>There is always room for the cancel of every task under way.</summary>
    private const int MaxFramesPerServer = MaxWaitingPerServer + MaxTasks;

    /// <summary>An agent that takes longer to begin is not there.</summary>
    public static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, PendingTask> _tasks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Channel<Frame>> _agents = new(StringComparer.Ordinal);
    private long _number;

    public int UnderWay => _tasks.Count;

    /// <summary>An agent's stream of tasks; a newer stream of the same server takes over from an older one.</summary>
    public AgentStream Listen(string serverId)
    {
        var channel = Channel.CreateBounded<Frame>(new BoundedChannelOptions(MaxFramesPerServer) { FullMode = BoundedChannelFullMode.Wait });
        _agents.AddOrUpdate(serverId, channel, (_, older) =>
        {
            older.Writer.TryComplete();
            while (older.Reader.TryRead(out var waiting)) channel.Writer.TryWrite(waiting);
            return channel;
        });
        return new AgentStream(channel, () => _agents.TryRemove(KeyValuePair.Create(serverId, channel)));
    }

    /// <summary>Hands the task to the server's agent.</summary>
    /// <exception cref="ProblemException">The agent is not connected, or too much is under way.</exception>
    public PendingTask Start(string serverId, string serverName, AgentTask task)
    {
        if (_tasks.Count >= MaxTasks) throw Problems.Busy($"{MaxTasks} log streams and commands are open already.");
        if (!_agents.TryGetValue(serverId, out var agent))
        {
            throw Problems.Away("agent-away", $"The agent on server \"{serverName}\" is not connected.",
                "See `opencluster servers` for its state; the log is kept on the server itself.");
        }

        var pending = new PendingTask(task, serverId, time, Forget);
        _tasks[task.Id] = pending;
        if (agent.Reader.Count < MaxWaitingPerServer && agent.Writer.TryWrite(FrameOf(task))) return pending;
        pending.Dispose();
        throw Problems.Busy($"The agent on server \"{serverName}\" has {MaxWaitingPerServer} tasks waiting.");
    }

    /// <summary>The task whose output an agent brings, or null when nobody waits for it any more.</summary>
    public PendingTask? Find(string taskId) => _tasks.GetValueOrDefault(taskId);

    /// <summary>Nobody reads it any more: an agent that has not brought it to its end is told, for a silent log would never find out.</summary>
    private void Forget(PendingTask task)
    {
        _tasks.TryRemove(KeyValuePair.Create(task.Task.Id, task));
        if (!task.Ended && _agents.TryGetValue(task.ServerId, out var agent))
            agent.Writer.TryWrite(FrameOf(new AgentTask { Id = task.Task.Id, Kind = TaskKind.Cancel, InstanceId = task.Task.InstanceId }));
    }

    private Frame FrameOf(AgentTask task) => new(Interlocked.Increment(ref _number), JsonSerializer.SerializeToUtf8Bytes(task, ApiJson.Default.AgentTask));

    internal sealed class AgentStream(Channel<Frame> channel, Action close) : IDisposable
    {
        public bool TryTake(out Frame frame) => channel.Reader.TryRead(out frame);

        /// <summary>False when a newer stream has taken over.</summary>
        public ValueTask<bool> WaitAsync(CancellationToken ct) => channel.Reader.WaitToReadAsync(ct);

        public void Dispose() => close();
    }
}
