using System.Collections.Immutable;
using System.Reflection;
using OpenCluster.Agent.Builds;
using OpenCluster.Agent.Connection;
using OpenCluster.Agent.Files;
using OpenCluster.Agent.Instances;
using OpenCluster.Agent.Limits;
using OpenCluster.Agent.LocalApi;
using OpenCluster.Agent.Machine;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Releases;
using OpenCluster.Agent.Secrets;
using OpenCluster.Agent.Sets;
using OpenCluster.Agent.Tasks;
using OpenCluster.Agent.Trust;
using OpenCluster.Agent.Users;
using OpenCluster.Api.Client;
using OpenCluster.Decisions;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent;

/// <summary>
/// One agent, from its start to its end: 1. take the directory, 2. find what already runs, 3. listen to the controller and to the local
/// socket, report, measure, until cancelled. What it started runs on after it.
/// </summary>
public sealed class AgentHost
{
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(1);
    private const int FactsEvery = 5; // measurements

    /// <summary>A controller of this very server that has not come up by then is asked all the same, and its silence is told.</summary>
    private static readonly TimeSpan CoreStart = TimeSpan.FromSeconds(5);

    private readonly AgentOptions _options;
    private readonly TimeProvider _time;
    private readonly AgentLog _log;
    private readonly AgentDirectory _directory;
    private readonly AgentIdentity? _identity;
    private readonly IController _controller;
    private readonly AgentLoop _loop;
    private readonly Supervisor _supervisor;
    private readonly InstanceWorld _world;
    private readonly Reporter _reporter;
    private readonly UsageMeter _meter;
    private readonly BuildQueue _builds;
    private readonly SetRoom _sets;
    private readonly CancellationTokenSource _ending;
    private readonly Signal _reached = new();
    private readonly TaskCompletionSource _coreStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _assigned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _coreServes;
    private readonly ImmutableArray<string> _without;
    private readonly DateTimeOffset _started;
    private MachineFacts _facts;
    private string? _diskTrouble;
    private long _sequence;

    private AgentHost(AgentOptions options, IController? controller, TextWriter log, TimeProvider time, CancellationToken ct)
    {
        (_options, _time, _log) = (options, time, new AgentLog(log, time));
        _directory = new AgentDirectory(options.Directory);
        _identity = controller is null ? new AgentIdentity(options, _directory, _log, time) : null;
        _controller = controller ?? new ApiController(options, _identity!, _reached, _log, time);
        _loop = new AgentLoop(time, _log);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _meter = new UsageMeter(time);
        _facts = MachineReading.Read(_directory.Root);
        var users = new UserIds(_directory.Users, _directory.Root);
        var secrets = new SecretStore(_directory, _controller, options.ServerId, _log);
        var secretFiles = new SecretFiles(new MemoryPlace(_directory), secrets);
        var cgroup = CgroupV2.Detect(options.ServerId, out var noCgroup);
        _without = [.. new[] { noCgroup, NoUsers(users) }.Where(w => w.Length > 0)];
        _reporter = new Reporter(_controller, ReportAsync, _reached, time, _log);
        _sets = new SetRoom(options, _directory, _identity, _controller, _loop, _log, new SteadyClock(time), time, id => _supervisor?.Find(id), _ending.Token);
        _world = new InstanceWorld
        {
            Options = options,
            Directory = _directory,
            Loop = _loop,
            Log = _log,
            Time = time,
            Clock = new SteadyClock(time),
            Exits = new ExitWatch(time),
            Ports = new PortChooser(options.Ports),
            Users = users,
            Releases = new ReleaseStore(_directory, _controller, _log),
            Secrets = secrets,
            SecretFiles = secretFiles,
            Start = new InstanceStart(options, _directory, users, secretFiles, cgroup, _sets.SeatOf),
            Cgroup = cgroup,
            Ending = _ending.Token,
            Changed = _reporter.Changed,
            Disk = DiskTrouble,
            Sets = _sets,
        };
        _supervisor = new Supervisor(_world, new AssignmentFile(_directory.Assignment, options.ServerId, _log));
        _builds = new BuildQueue(new Builder(_directory, users, secrets, secretFiles, _controller, options, _log, time), _loop, _reporter.Changed, _ending.Token);
        _started = _world.Clock.Now;
    }

    /// <summary>What an agent in this directory says of the machine it is on.</summary>
    public static MachineMark MachineIn(string directory) => MachineIdentity.Read(Path.GetFullPath(directory));

    /// <summary>Runs an agent until <paramref name="ct"/> is cancelled or it is told to stop on its socket. What it started lives on, except after "stop all".</summary>
    /// <param name="log">Where its own log goes; null for standard error.</param>
    /// <exception cref="AgentException">It cannot start: the directory belongs to another agent, or cannot be used.</exception>
    public static Task RunAsync(AgentOptions options, TimeProvider time, CancellationToken ct, TextWriter? log = null) =>
        RunAsync(options, null, time, ct, log);

    /// <summary>The same with another way to the controller.</summary>
    public static async Task RunAsync(AgentOptions options, IController? controller, TimeProvider time, CancellationToken ct, TextWriter? log = null)
    {
        Directory.CreateDirectory(options.Directory);
        using var one = DirectoryLock.Take(Path.Combine(options.Directory, "lock"));
        await new AgentHost(options, controller, log ?? Console.Error, time, ct).RunAsync();
    }

    private async Task RunAsync()
    {
        var ct = _ending.Token;
        _world.Releases.CleanUp();
        Builder.CleanUp(_directory);
        await _loop.PostAsync(_supervisor.Recover);
        await _loop.PostAsync(Certify);
        _log.Info($"agent of server {_options.ServerName} ({_options.ServerId}) in {_directory.Root}");
        var tasks = new TaskRunner(_loop, _supervisor, _directory, _controller, _log, _time);
        var beside = new[]
        {
            ControllerAsync(WatchAssignmentsAsync, ct),
            AssignedAsync(ReportWhenJoinedAsync, ct),
            AssignedAsync(token => tasks.RunAsync(_options.ServerId, token), ct),
            AssignedAsync(HearOrdersAsync, ct),
            AssignedAsync(_sets.SpeakAsync, ct),
            _loop.Lasting(MeasureAsync, ct),
            _loop.Lasting(new LocalServer(_directory.Socket, LocalAsync).RunAsync, ct),
        };
        var trusted = _identity is { } identity ? ControllerAsync(identity.RunAsync, ct) : Task.CompletedTask;
        try
        {
            await _loop.RunAsync(Wake, () => _world.Clock.Now, ct);
        }
        finally
        {
            await _ending.CancelAsync();
            await Task.WhenAll([.. beside, trusted]);
            await _builds.Completion;
            _world.Exits.Dispose();
            (_controller as IDisposable)?.Dispose();
        }
    }

    private DateTimeOffset? Wake()
    {
        var next = _supervisor.Wake();
        if (_supervisor.Stopped) _ending.Cancel();
        NoticeCore();
        _sets.Observe();
        if (_supervisor.Assignment is not null) _assigned.TrySetResult();
        return next;
    }

    /// <summary>A controller that runs here is seen to come up; nobody has to find that out by trying.</summary>
    private void NoticeCore()
    {
        var serves = _supervisor.CoreServes;
        if (serves == _coreServes) return;
        _coreServes = serves;
        if (!serves) return;
        _coreStarted.TrySetResult();
        _reached.Raise();
    }

    /// <summary>What talks to the controller, for as long as the agent lives; from when one that runs here has come up.</summary>
    private async Task ControllerAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        if (_options.Core is not null) await _coreStarted.Task.WaitAsync(CoreStart, _time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _loop.Lasting(work, ct);
    }

    /// <summary>The same from when this server has an assignment, now or from disk: before that, nobody knows it and every call would be refused.</summary>
    private async Task AssignedAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        await _assigned.Task.WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ControllerAsync(work, ct);
    }

    private async Task HearOrdersAsync(CancellationToken ct)
    {
        await foreach (var order in _controller.SetOrdersAsync(_options.ServerId, ct)) _sets.Order(order);
    }

    private async Task WatchAssignmentsAsync(CancellationToken ct)
    {
        await foreach (var assignment in _controller.AssignmentsAsync(_options.ServerId, ct))
            await _loop.PostAsync(() =>
            {
                if (_supervisor.Assign(assignment))
                {
                    _reporter.Heartbeat = assignment.Heartbeat;
                    _builds.Obey(assignment.Removed ? [] : assignment.Builds);
                    Certify();
                }
                _reporter.Changed();
            });
    }

    /// <summary>Load-balancers are parts of the cluster and show certificates of their own.</summary>
    private void Certify() =>
        _identity?.Serve((_supervisor.Assignment?.Instances ?? []).Where(i => i.Spec.Kind is RunKind.LoadBalancer).Select(i => i.Id));

    private async Task MeasureAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(MeasureEvery, _time);
        for (var round = 1; await timer.WaitForNextTickAsync(ct); round++)
        {
            var sessions = await _loop.AskAsync(Sessions, ct);
            var usage = _meter.Read(sessions);
            var facts = round % FactsEvery is 0 ? MachineReading.Read(_directory.Root) : null;
            await _loop.PostAsync(() => Measured(usage, facts));
        }
    }

    private Dictionary<int, string> Sessions() => _supervisor.Keepers.SelectMany(k => k.Sessions, (k, session) => (session, k.Id)).ToDictionary();

    private void Measured(Dictionary<string, Usage> usage, MachineFacts? facts)
    {
        _facts = facts ?? _facts;
        foreach (var keeper in _supervisor.Keepers.ToList())
        {
            keeper.Usage = usage.GetValueOrDefault(keeper.Id) ?? new Usage();
            _loop.Guarded(keeper.Log.RotateIfLarge);
            if (_world.Cgroup is null) MemoryWatch.Judge(keeper);
        }
    }

    private async Task ReportWhenJoinedAsync(CancellationToken ct)
    {
        if (_identity is not null) await _identity.JoinedAsync(ct);
        await _reporter.RunAsync(ct);
    }

    private async Task<ServerReport> ReportAsync(CancellationToken ct) => await _loop.AskAsync(() => new ServerReport
    {
        ServerId = _options.ServerId,
        BootId = ProcFs.BootId,
        AgentStarted = _started,
        Sequence = ++_sequence,
        Revision = _supervisor.Assignment?.Revision ?? 0,
        Version = Version,
        Address = _options.Address,
        LowPortOffset = _options.LowPortOffset,
        VotePort = _sets.VotePort,
        Facts = _facts,
        Instances = _supervisor.Statuses(),
        Builds = _builds.Statuses,
        Without = _diskTrouble is null ? _without : _without.Add(_diskTrouble),
    }, ct);

    private async Task<LocalAnswer> LocalAsync(LocalRequest request, CancellationToken ct)
    {
        var answer = await _loop.AskAsync(() => _supervisor.Local(request), ct);
        if (request.Verb is LocalVerb.StopAll) await _loop.PostAsync(_supervisor.StopAll);
        if (request.Verb is LocalVerb.StopAgent) await _ending.CancelAsync();
        return answer;
    }

    private void DiskTrouble(string? words)
    {
        if (words is not null && _diskTrouble is null) _log.Warn(words);
        _diskTrouble = words;
    }

    private static string NoUsers(UserIds users) => users switch
    {
        { IsRoot: false } => "the agent is not root: services run as its own user, not as users of their own",
        { Closed: { } closed } => $"other users may not enter {closed}: services run as root, not as users of their own; put the agent's directory elsewhere",
        _ => "",
    };

    private static readonly string Version = typeof(AgentHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
