using OpenCluster.Agent.LocalApi;
using OpenCluster.Agent.Processes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Fakes;

/// <summary>A real agent in this process, with real children, in a directory of its own. What it started ends with it.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private static int _count;
    private CancellationTokenSource _life = new();
    private Task _running = Task.CompletedTask;
    private long _revision;

    public TestAgent()
    {
        var number = Interlocked.Increment(ref _count);
        Directory = Path.Combine("/tmp", $"oc-agent-{Environment.ProcessId}-{number}");
        var first = 10000 + (number * 40 % 10000);
        Options = new AgentOptions
        {
            Directory = Directory,
            ServerId = "srv-1",
            ServerName = "web1",
            Controllers = [new Uri("http://127.0.0.1:1")],
            Ports = new PortRange(first, first + 39),
        };
    }

    public string Directory { get; }
    public AgentOptions Options { get; set; }
    public FakeController Controller { get; } = new();
    public StringWriter Log { get; } = new();

    public static ServiceSpec Http(string run = "python3 -m http.server --bind $HOST $PORT") => new()
    {
        Run = run,
        Ports = [new Port("http")],
        Check = new HealthCheck { Kind = CheckKind.Http, Every = TimeSpan.FromMilliseconds(200) },
        Stop = new StopRule { Drain = TimeSpan.FromSeconds(1), Grace = TimeSpan.FromSeconds(5) },
    };

    public static ServiceSpec Sleeper(string run = "sleep 1000") => new()
    {
        Run = run,
        Stop = new StopRule { Drain = TimeSpan.FromSeconds(1), Grace = TimeSpan.FromSeconds(5) },
    };

    public static InstanceOrder Order(ServiceSpec spec, string id = "api-1", Wanted wanted = Wanted.Run, ReleaseRef? release = null) => new()
    {
        Id = id,
        ServiceId = "svc-1",
        Service = "api",
        Zone = "default",
        Location = "dc.hall1",
        Address = "127.0.0.1",
        Wanted = wanted,
        Release = release,
        Spec = spec,
    };

    public TestAgent Start()
    {
        _life = new CancellationTokenSource();
        _running = Task.Run(() => AgentHost.RunAsync(Options, Controller, TimeProvider.System, _life.Token, Log));
        return this;
    }

    /// <summary>The agent goes; what it started stays.</summary>
    public async Task EndAsync()
    {
        await _life.CancelAsync();
        await _running;
    }

    public async Task RestartAsync()
    {
        await EndAsync();
        Start();
    }

    public void Assign(params InstanceOrder[] orders) => Assign(a => a with { Instances = [.. orders] });

    public void Assign(Func<Assignment, Assignment> change) => Controller.Say(change(new Assignment
    {
        ServerId = "srv-1",
        ServerName = "web1",
        Cluster = "test",
        Generation = "1",
        Revision = ++_revision,
        Heartbeat = TimeSpan.FromMilliseconds(200),
    }));

    public async Task<InstanceStatus> ReachAsync(InstancePhase phase, string id = "api-1", Func<InstanceStatus, bool>? and = null)
    {
        var report = await Controller.HearAsync(r => r.Instances.Any(i => i.Id == id && i.Phase == phase && (and is null || and(i))), $"{id} {phase}");
        return report.Instances.First(i => i.Id == id);
    }

    public Task<LocalAnswer> AskAsync(LocalVerb verb, string? id = null) => LocalClient.AskAsync(Directory, new LocalRequest(verb, id), CancellationToken.None);

    public string LogOf(string id = "api-1")
    {
        var path = Path.Combine(Directory, "instances", id, "log");
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    public static async Task UntilAsync(Func<bool> holds, string what, int seconds = 15)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds())
            if (limit.IsCancellationRequested || !await look.WaitForNextTickAsync(CancellationToken.None)) throw new TimeoutException($"never: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        foreach (var process in ProcFs.All())
            if (ProcFs.Variable(process.Pid, Session.MarkVariable)?.StartsWith(Directory + "/", StringComparison.Ordinal) == true)
                _ = LibC.Kill(process.Pid, LibC.SigKill);
        await UntilAsync(() => Marked() == 0, "all children have gone");
        System.IO.Directory.Delete(Directory, recursive: true);
        _life.Dispose();
    }

    /// <summary>Living processes of this agent's instances.</summary>
    public int Marked() => ProcFs.All().Count(p => ProcFs.Variable(p.Pid, Session.MarkVariable)?.StartsWith(Directory + "/", StringComparison.Ordinal) == true);

    /// <summary>Sessions of this agent's instances: how many were started by an agent and live.</summary>
    public int Leaders() => ProcFs.All().Count(p => p.Session == p.Pid && ProcFs.Variable(p.Pid, Session.MarkVariable)?.StartsWith(Directory + "/", StringComparison.Ordinal) == true);
}
