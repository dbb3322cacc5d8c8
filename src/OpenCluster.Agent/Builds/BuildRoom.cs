using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Users;

namespace OpenCluster.Agent.Builds;

/// <summary>
/// Where one build happens: <c>src</c>, <c>home</c> and <c>tmp</c>, closed to everybody but the build's user, gone when the build is.
/// As there is one build at a time, no build ever sees another's.
/// </summary>
internal sealed class BuildRoom : IDisposable
{
    // The room itself stays the agent's, which writes the log and the archive there: a build that could would put a link in their place.
    private const UnixFileMode PassThrough = AgentDirectory.Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _root;

    public BuildRoom(string builds, string releaseId, RunAs? user)
    {
        _root = Path.Combine(builds, AgentDirectory.Name(releaseId));
        User = user;
        Clear();
        Directory.CreateDirectory(_root, PassThrough);
        foreach (var path in (string[])[Source, Home, Temporary]) Directory.CreateDirectory(path, AgentDirectory.Private);
    }

    public RunAs? User { get; }
    public string Source => Path.Combine(_root, "src");
    public string Home => Path.Combine(_root, "home");
    public string Temporary => Path.Combine(_root, "tmp");
    public string Log => Path.Combine(_root, "log");
    public string Archive => Path.Combine(_root, "release.tar.gz");

    /// <summary>Directories whose bytes count against the build's disk limit.</summary>
    public IReadOnlyList<string> Measured => [Source, Home, Temporary, Log];

    /// <summary>Everything fetched so far becomes the build user's.</summary>
    public void HandOver()
    {
        foreach (var path in (string[])[Source, Home, Temporary]) UserIds.Give(path, User);
    }

    public void Dispose() => Clear();

    private void Clear() => Files.Trees.Delete(_root);
}
