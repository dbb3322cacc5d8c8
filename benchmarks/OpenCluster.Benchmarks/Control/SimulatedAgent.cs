using System.Collections.Immutable;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Benchmarks.Control;

/// <summary>
/// An agent as the controller sees one: it holds the assignment and task streams open, reports at every heartbeat, and says of every
/// instance it is told to run that it is ready. It runs nothing. The client, connections and JSON are those of a real agent.
/// </summary>
internal sealed class SimulatedAgent(string name, Uri controller, string directory, DateTimeOffset started, TimeProvider time) : IDisposable
{
    /// <summary>What a real agent does by default; it stays so, whatever the cluster's file says, to keep the load the same.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);

    private static readonly string BootId = Guid.NewGuid().ToString();

    private readonly CredentialFiles _identity = new(directory);
    private ApiClient? _joined;
    private Assignment? _assignment;
    private long _sequence;

    public string Name { get; } = name;

    /// <summary>What it was told last.</summary>
    public Assignment? Assignment => Volatile.Read(ref _assignment);

    /// <summary>Reports the controller has taken, and those it has not.</summary>
    public long Reported { get; private set; }
    public long Refused { get; private set; }

    /// <summary>Why the last one was not taken.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Told when an assignment has arrived. Called on whatever thread it arrived on.</summary>
    public Action<SimulatedAgent, Assignment>? Told { get; set; }

    private ApiClient Joined => _joined ?? throw new InvalidOperationException($"{Name} has not joined.");

    /// <summary>Becomes a server of the cluster, as a real agent does at its first start.</summary>
    public async Task JoinAsync(JoinLine line, CancellationToken ct)
    {
        var machine = new MachineMark("machine-" + Name, BootId);
        await Joining.JoinAsync(line, _identity, machine, time, ct).ConfigureAwait(false);
        _joined = new ApiClient(controller, null, time, _identity.Read, machine);
    }

    public void Dispose() => _joined?.Dispose();

    /// <param name="offset">When the first report is due: a thousand agents do not report as one.</param>
    public Task RunAsync(TimeSpan offset, CancellationToken ct) => Task.WhenAll(ListenAsync(ct), ReportAsync(offset, ct), TasksAsync(ct));

    private async Task ListenAsync(CancellationToken ct)
    {
        await foreach (var assignment in Reconnecting.WatchAsync<Assignment>((last, token) => Joined.AssignmentsAsync(Name, last?.Revision ?? 0, token), Away, time, ct).ConfigureAwait(false))
        {
            Volatile.Write(ref _assignment, assignment);
            Told?.Invoke(this, assignment);
        }
    }

    private async Task TasksAsync(CancellationToken ct)
    {
        await foreach (var task in Reconnecting.WatchAsync<Api.Requests.AgentTask>((_, token) => Joined.TasksAsync(Name, token), Away, time, ct).ConfigureAwait(false))
            throw new InvalidOperationException($"Nobody asks for logs or commands here, yet {Name} was given task {task.Id}.");
    }

    private async Task ReportAsync(TimeSpan offset, CancellationToken ct)
    {
        await Task.Delay(offset, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await Joined.ReportServerAsync(Report(), ct).ConfigureAwait(false);
                Reported++;
            }
            catch (Exception failed) when (failed is UnreachableException or ProblemException)
            {
                Away(failed);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Heartbeat, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Away(Exception reason)
    {
        Refused++;
        Reason = reason.Message;
    }

    private ServerReport Report() => new()
    {
        ServerId = Name,
        BootId = BootId,
        AgentStarted = started,
        Sequence = ++_sequence,
        Revision = Assignment?.Revision ?? 0,
        Version = "0.1.0",
        Address = "127.0.0.1",
        Facts = new MachineFacts { Hostname = Name, System = "Debian GNU/Linux 12", Architecture = "x64", Cpus = 2, MemoryBytes = 4L << 30, MemoryAvailableBytes = 2L << 30, DiskBytes = 40L << 30, DiskFreeBytes = 20L << 30 },
        Instances = Assignment is { } told ? [.. told.Instances.Select(Status)] : [],
    };

    /// <summary>As a real agent's: measured use differs in every report, so nothing can be saved by comparing them.</summary>
    private InstanceStatus Status(InstanceOrder order) => new()
    {
        Id = order.Id,
        ReleaseId = order.Release?.Id,
        Phase = order.Wanted is Wanted.Stop ? InstancePhase.Stopped : InstancePhase.Ready,
        Since = started,
        Pid = 1000,
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<string, int>.Empty.Add("http", 20000),
        Usage = new Usage(_sequence % 100 / 100d, (20L << 20) + (_sequence << 12)),
    };
}
