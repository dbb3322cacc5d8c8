namespace OpenCluster.Agent;

/// <summary>Where an agent keeps what, in one place. All below <see cref="Root"/>.</summary>
internal sealed class AgentDirectory
{
    private const UnixFileMode Open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    internal const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public AgentDirectory(string root)
    {
        Root = root;
        foreach (var path in (string[])[root, Instances, Releases, Data]) System.IO.Directory.CreateDirectory(path, Open);
        foreach (var path in (string[])[Builds, Git, Downloads]) System.IO.Directory.CreateDirectory(path, Open);
    }

    public string Root { get; }
    public string Lock => Path.Combine(Root, "lock");
    public string Socket => Path.Combine(Root, "agent.sock");
    /// <summary>The last good assignment.</summary>
    public string Assignment => Path.Combine(Root, "assignment.json");
    /// <summary>Which service has which user id.</summary>
    public string Users => Path.Combine(Root, "users.json");
    /// <summary>One directory per instance: its record, logs, token and home.</summary>
    public string Instances => Path.Combine(Root, "instances");
    /// <summary>One directory per release, complete or absent.</summary>
    public string Releases => Path.Combine(Root, "releases");
    /// <summary>One directory per replicated set with a seat here: its promises, and what is remembered of its copy.</summary>
    public string Sets => Path.Combine(Root, "sets");
    /// <summary>Services' persistent directories, kept across releases.</summary>
    public string Data => Path.Combine(Root, "data");
    public string Builds => Path.Combine(Root, "builds");
    /// <summary>Mirrors of repositories.</summary>
    public string Git => Path.Combine(Root, "git");
    /// <summary>Archives under way; emptied at start.</summary>
    public string Downloads => Path.Combine(Root, "downloads");

    /// <summary>Values of secrets, sealed: an agent without a controller goes on with them after a boot.</summary>
    public string Secrets => Path.Combine(Root, "secrets.sealed");
    /// <summary>Where files in memory are, for this boot.</summary>
    public string MemoryPlace => Path.Combine(Root, "memory.place");

    /// <summary>The agent's key and certificate.</summary>
    public string Identity => AgentOptions.IdentityIn(Root);

    public string Instance(string id) => Path.Combine(Instances, Name(id));
    public string Record(string id) => Path.Combine(Instance(id), "instance.json");
    public string Log(string id) => Path.Combine(Instance(id), "log");
    public string Token(string id) => Path.Combine(Instance(id), "token");
    public string Home(string id) => Path.Combine(Instance(id), "home");
    /// <summary>A load-balancer's own key and certificate.</summary>
    public string InstanceIdentity(string id) => Path.Combine(Instance(id), "identity");

    /// <summary>An id as a file name. Ids come from the controller; one that could leave its directory is refused.</summary>
    /// <exception cref="AgentException">It holds anything but letters, digits, dots, hyphens and underscores, or begins with a dot.</exception>
    public static string Name(string id) =>
        id is not "" and not ['.', ..] && id.Length <= 200 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? id
            : throw new AgentException("bad-id", $"the id \"{id}\" cannot be a file name");

    /// <summary>Makes a directory that other users may enter and read.</summary>
    public static void Make(string path) => System.IO.Directory.CreateDirectory(path, Open);
}
