using System.Collections.Immutable;
using OpenCluster.Agent;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Controller.Access;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Files;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Host;

/// <summary>The first server of a cluster on this machine: (1) what its agent and controller need on disk, (2) the agent kept up, (3) the first file and user.</summary>
internal sealed class Installation(Answers answers, string root, TimeProvider time)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>From the start of the agent until the controller answers.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static string AgentIn(string root) => Path.Combine(root, "agent");

    public static string ControllerIn(string root) => Path.Combine(root, "controller");

    /// <summary>As applied first; the owner goes on from it.</summary>
    public string ClusterFile => Path.Combine(root, "cluster.yaml");

    private Uri Url => answers.Url;

    /// <summary>What will be done, a line each.</summary>
    public IEnumerable<string> Plan(string executable, string units) =>
    [
        $"make {ControllerIn(root)} (0700): the cluster's state and its own authority",
        $"make {AgentIn(root)}: this server's key, releases, logs, what services keep",
        $"write {Path.Combine(units, AgentUnit.Name)}: {executable} agent, kept up by systemd; it starts the controller",
        $"serve the API at {Url}, TLS 1.3 with the authority's certificate",
        $"apply a first file of one server, {answers.Server}: {ClusterFile}",
        $"add the user {answers.Admin}, who may do everything, and log this user of the machine in as them",
    ];

    /// <summary>Step 1. The agent's file comes last: where it is, everything is.</summary>
    public void Write(string executable)
    {
        var controllerHome = Directory.CreateDirectory(ControllerIn(root), OwnerOnly).FullName;
        var authority = new AuthorityFiles(Path.Combine(controllerHome, "trust"));
        authority.Ensure(time.GetUtcNow());
        var join = Bootstrap.NewToken();
        new Bootstrap { Agents = ImmutableSortedDictionary<string, string>.Empty.Add(answers.Server, join) }.Write(BootstrapFile);

        var agent = Directory.CreateDirectory(AgentIn(root)).FullName;
        var joinFile = Path.Combine(agent, "join.line");
        PrivateFile.Write(joinFile, new JoinLine(Url, join, authority.ReadRoots().Fingerprint) + "\n");
        new AgentOptions
        {
            Directory = agent,
            ServerId = answers.Server,
            ServerName = answers.Server,
            Controllers = [Url],
            JoinFile = joinFile,
            Address = answers.Address,
            ExecutablePath = executable,
            Core = new CoreOptions { Directory = controllerHome, Url = Url, Arguments = ["--address", answers.Address, "--port", $"{answers.Port}", "--bootstrap", BootstrapFile] },
        }.Write();
    }

    /// <summary>Step 3.</summary>
    /// <exception cref="IOException">The controller does not come up.</exception>
    public async Task BeginAsync(string password, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var identity = new CredentialFiles(AgentOptions.IdentityIn(AgentIn(root)));
        // The agent joins only a controller that answers, so this waits for both.
        while (!identity.Exist)
        {
            if (time.GetElapsedTime(started) > StartTime) throw new IOException($"The controller did not answer at {Url} within {StartTime.TotalSeconds:0} s; `journalctl -u {AgentUnit.Name}` says why.");
            await Task.Delay(Look, time, ct).ConfigureAwait(false);
        }

        // The token is used up; with it out of the file no later start of the controller makes it good again.
        new Bootstrap().Write(BootstrapFile);
        var roots = await File.ReadAllTextAsync(new AuthorityFiles(Path.Combine(ControllerIn(root), "trust")).Roots, ct).ConfigureAwait(false);
        using var api = new ApiClient(Url, (await File.ReadAllTextAsync(Path.Combine(ControllerIn(root), "admin.token"), ct).ConfigureAwait(false)).Trim(), time, new Credentials(RootBundle.Parse(roots)).Itself);
        var text = $$"""
            cluster: {{answers.Cluster}}
            servers:
              {{answers.Server}}: {address: "{{answers.Address}}", roles: [webserver], controller: true}

            """;
        await File.WriteAllTextAsync(ClusterFile, text, ct).ConfigureAwait(false);
        await api.ApplyAsync(new FileRequest { Text = text, Why = "install" }, ct).ConfigureAwait(false);
        await api.PutUserAsync(answers.Admin, new UserRequest { Role = TokenRole.Admin, Password = password, Why = "install" }, ct).ConfigureAwait(false);
        var session = await api.LogInAsync(new LogInRequest(answers.Admin, password), ct).ConfigureAwait(false);
        new CredentialsFile(Url.ToString(), roots, session.Token, answers.Admin).Save();
    }

    private string BootstrapFile => Path.Combine(ControllerIn(root), "bootstrap.json");
}
