using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Agent;
using OpenCluster.Api.Client;
using OpenCluster.CommandLine;
using OpenCluster.Controller.Access;
using OpenCluster.Model.Nouns;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Files;

namespace OpenCluster.Laptop;

/// <summary>
/// The cluster of a file on this machine: a <see cref="LaptopServer"/> for every server in it, kept up as systemd would.
/// It proves deployment, routing and process death; of partitions and lost hosts it proves nothing.
/// </summary>
internal sealed class LaptopCluster : IAsyncDisposable
{
    private const int ControllerPort = 7400;
    private const int FirstPort = 20000;
    private const int PortsPerServer = 100;
    private const int MostServers = 100;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>From the start of the agents until the controller answers.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    /// <summary>After that, until every agent has joined. A file that is applied before they all can report puts everything on the first that does.</summary>
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(15);

    private readonly UpLock _lock;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private Task _keepingUp = Task.CompletedTask;

    private LaptopCluster(UpLock held, Context context, ImmutableArray<LaptopServer> servers, TimeProvider time)
    {
        (Home, _lock, Context, Servers, _time) = (context.Home!, held, context, servers, time);
        Api = context.Client(time);
    }

    /// <summary>Where everything of this cluster is.</summary>
    public string Home { get; }

    /// <summary>How verbs find it.</summary>
    public Context Context { get; }

    public ApiClient Api { get; }

    public ImmutableArray<LaptopServer> Servers { get; }

    public LaptopServer Server(string name) => Servers.First(s => s.Name == name);

    /// <summary>The server that runs the controller.</summary>
    public LaptopServer ControllerServer => Servers.First(s => s.Options.Core is not null);

    /// <summary>
    /// Lays out directories, addresses, ports and tokens for the servers of a file. What is there from an earlier run is kept, so
    /// that a cluster goes on where it was.
    /// </summary>
    /// <param name="directory">Absolute; made when missing.</param>
    /// <exception cref="IOException">The directory cannot be used, the cluster is up already, or the file has more servers than fit on one machine.</exception>
    public static LaptopCluster Prepare(Cluster cluster, string directory, string executable, TimeProvider time)
    {
        if (cluster.Servers.Length > MostServers) throw new IOException($"The file has {cluster.Servers.Length} servers; up to {MostServers} fit on one machine.");
        Directory.CreateDirectory(directory);
        var home = HomeOf(directory, LongestSocket(cluster));
        var held = UpLock.Take(home);
        var secrets = Directory.CreateDirectory(Path.Combine(home, "tokens"), OwnerOnly).FullName;
        var network = LoopbackNetwork.Of(home, ControllerPort);
        var names = cluster.Servers.Select(s => s.Name).ToList();
        var controllerName = (cluster.Servers.FirstOrDefault(s => s.Controller) ?? cluster.Servers[0]).Name;
        var numbers = AddressBook.Of(home, names);
        string Address(string name) => $"{network}.{numbers[name]}";
        var controller = new Uri($"https://{Address(controllerName)}:{ControllerPort}/");
        var controllerHome = Path.Combine(home, "controller");
        var authority = new AuthorityFiles(Path.Combine(Directory.CreateDirectory(controllerHome, OwnerOnly).FullName, "trust"));
        authority.Ensure(time.GetUtcNow());
        var fingerprint = authority.ReadRoots().Fingerprint;
        var (bootstrap, joins) = TokensOf(secrets, names);

        var servers = names.Select(name =>
        {
            var firstPort = FirstPort + (numbers[name] - 1) * PortsPerServer;
            var options = new AgentOptions
            {
                Directory = Path.Combine(home, "servers", name),
                ServerId = name,
                ServerName = name,
                Controllers = [controller],
                JoinFile = Path.Combine(secrets, name + ".join"),
                Address = Address(name),
                Ports = new PortRange(firstPort, firstPort + PortsPerServer - 1),
                LowPortOffset = Environment.IsPrivilegedProcess ? 0 : 8000,
                ExecutablePath = executable,
                Core = name == controllerName
                    ? new CoreOptions
                    {
                        Directory = controllerHome,
                        Url = controller,
                        Arguments = ["--address", Address(name), "--port", ControllerPort.ToString(CultureInfo.InvariantCulture), "--bootstrap", bootstrap],
                    }
                    : null,
            };
            Directory.CreateDirectory(options.Directory);
            options.Write();
            // Anew each time: however long this cluster was down, and whatever was removed from it meanwhile, its servers get in.
            PrivateFile.Write(options.JoinFile, new JoinLine(controller, joins[name], fingerprint) + "\n");
            return new LaptopServer(options, executable, time);
        }).ToImmutableArray();

        var context = new Context(controller.ToString(), Path.Combine(secrets, "admin.token"), authority.Roots, home);
        var prepared = new LaptopCluster(held, context, servers, time);
        prepared.Context.Save(directory);
        return prepared;
    }

    /// <summary>Starts every agent and waits until the controller answers and all have joined, or are late.</summary>
    /// <exception cref="IOException">It refuses to start, or does not answer in time; the message says why.</exception>
    public async Task StartAsync(CancellationToken ct)
    {
        var log = new ControllerLog(ControllerServer);
        await Task.WhenAll(Servers.Select(s => s.StartAsync(ct))).ConfigureAwait(false);
        _keepingUp = KeepUpAsync(_ending.Token);
        var started = _time.GetTimestamp();
        // A look at the port costs nothing; a call that fails costs both sides more than the whole wait.
        while (!await Port.AcceptsAsync(Context.Url, ct).ConfigureAwait(false))
        {
            if (log.Refusal() is { } why) throw new IOException($"The controller does not start. {why}");
            if (_time.GetElapsedTime(started) > StartTime) throw new IOException($"The controller did not answer within {StartTime.TotalSeconds:0} s. {log.LastWords()}");
            await Task.Delay(Look, _time, ct).ConfigureAwait(false);
        }

        started = _time.GetTimestamp();
        while (!Servers.All(s => s.HasJoined) && _time.GetElapsedTime(started) < JoinTime) await Task.Delay(Look, _time, ct).ConfigureAwait(false);
    }

    /// <summary>A cluster that an earlier run left up, to stop it; nothing in it is changed.</summary>
    /// <exception cref="IOException">There is none, or an <c>up</c> still keeps it.</exception>
    public static LaptopCluster Open(Context context, TimeProvider time)
    {
        var home = context.Home ?? throw new IOException($"The cluster at {context.Url} was not brought up here with `opencluster up`.");
        var executable = Environment.ProcessPath ?? throw new IOException("The path of this executable is not known.");
        var servers = Directory.EnumerateDirectories(Path.Combine(home, "servers")).Order(StringComparer.Ordinal)
            .Select(directory => new LaptopServer(AgentOptions.Read(directory), executable, time)).ToImmutableArray();
        return new LaptopCluster(UpLock.Take(home), context, servers, time);
    }

    /// <summary>Leaves the agents to themselves: nothing starts them again from here on.</summary>
    public async Task LetGoAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _keepingUp.ConfigureAwait(false);
    }

    /// <summary>Drains and stops everything on every server, then the agents.</summary>
    public async Task StopAsync(CancellationToken ct)
    {
        await LetGoAsync().ConfigureAwait(false);
        // The controller's server last: while others drain, balancers should still hear of it.
        await Task.WhenAll(Servers.Where(s => s != ControllerServer).Select(s => s.StopAllAsync(ct))).ConfigureAwait(false);
        await ControllerServer.StopAllAsync(ct).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await LetGoAsync().ConfigureAwait(false);
        _ending.Dispose();
        Api.Dispose();
        _lock.Dispose();
    }

    /// <summary>Starts agents that died by themselves again, as systemd does.</summary>
    private async Task KeepUpAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ct.IsCancellationRequested) return;
            foreach (var server in Servers) await server.KeepUpAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Services run as users of their own when this is root, and those must be able to enter the directory; and the path of
    /// a socket has room for 107 bytes (unix(7)). Where the directory is closed (below /root) or too deep, everything goes to
    /// /var/lib/opencluster or to the user's state directory instead, and only the context stays beside the file.
    /// </summary>
    private static string HomeOf(string directory, string longestSocket)
    {
        const int SocketPathBytes = 107;
        var fits = Encoding.UTF8.GetByteCount(Path.Combine(directory, longestSocket)) <= SocketPathBytes;
        if (fits && (!Environment.IsPrivilegedProcess || OthersMayEnter(new DirectoryInfo(directory)))) return directory;
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory)))[..12];
        return Directory.CreateDirectory(Path.Combine(Environment.IsPrivilegedProcess ? "/var/lib/opencluster" : UserState(), name)).FullName;
    }

    /// <summary>The longest path of a socket below the home: a load-balancer's, over which it hands its listeners to its successor.</summary>
    private static string LongestSocket(Cluster cluster) => Path.Combine(
        "servers", cluster.Servers.MaxBy(s => s.Name.Length)!.Name,
        "instances", (cluster.LoadBalancers.MaxBy(b => b.Name.Length)?.Name ?? "") + "-1000", "home", "handover.sock.12345678.123");

    /// <summary>By the XDG base directory specification.</summary>
    private static string UserState() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "opencluster");

    private static bool OthersMayEnter(DirectoryInfo? directory)
    {
        for (; directory is not null; directory = directory.Parent)
        {
            if (!directory.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) return false;
        }

        return true;
    }

    private static (string Bootstrap, ImmutableSortedDictionary<string, string> Joins) TokensOf(string secrets, List<string> names)
    {
        var admin = Path.Combine(secrets, "admin.token");
        if (!File.Exists(admin)) PrivateFile.Write(admin, Bootstrap.NewToken() + "\n");
        var joins = names.ToImmutableSortedDictionary(name => name, _ => Bootstrap.NewToken(), StringComparer.Ordinal);
        var path = Path.Combine(secrets, "bootstrap.json");
        new Bootstrap { Admin = File.ReadAllText(admin).Trim(), Agents = joins }.Write(path);
        return (path, joins);
    }
}
