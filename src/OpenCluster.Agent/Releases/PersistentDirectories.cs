using System.Collections.Immutable;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Users;

namespace OpenCluster.Agent.Releases;

/// <summary>
/// Directories below a release that outlive it: each is a symbolic link to a place below the service's data. What the release ships there
/// becomes the first content, when there is none yet.
/// </summary>
internal static class PersistentDirectories
{
    /// <exception cref="AgentException">A path leaves the release.</exception>
    public static void Link(string release, string data, ImmutableArray<string> paths, RunAs? user)
    {
        foreach (var path in paths)
        {
            if (Path.IsPathRooted(path) || path.Split('/').Any(part => part is ".." or "" or "."))
                throw new AgentException("bad-persistent", $"the persistent directory \"{path}\" must be a plain path below the release");
            var link = Path.Combine(release, path);
            var kept = Path.Combine(data, path);
            NoLinkOnTheWay(release, link);
            AgentDirectory.Make(Path.GetDirectoryName(kept)!);
            if (new DirectoryInfo(link).LinkTarget != kept) MakeLink(link, kept);
            UserIds.Settle(kept, user);
        }
    }

    private static void MakeLink(string link, string kept)
    {
        if (new DirectoryInfo(link).LinkTarget is not null) File.Delete(link);
        if (!Directory.Exists(kept))
        {
            if (Directory.Exists(link)) MoveWritable(link, kept);
            else Directory.CreateDirectory(kept, AgentDirectory.Private);
            File.SetUnixFileMode(kept, AgentDirectory.Private);
        }
        if (Directory.Exists(link)) Directory.Delete(link, recursive: true);
        AgentDirectory.Make(Path.GetDirectoryName(link)!);
        Directory.CreateSymbolicLink(link, kept);
    }

    // The service may own the directory and have put a link there; the agent must not follow it as root.
    private static void NoLinkOnTheWay(string root, string link)
    {
        for (var parent = Path.GetDirectoryName(link)!; parent.Length > root.Length; parent = Path.GetDirectoryName(parent)!)
            if (new DirectoryInfo(parent).LinkTarget is not null)
                throw new AgentException("bad-persistent", $"the persistent directory {link} lies below the symbolic link {parent}");
    }

    // A release's files are read-only; as data they are the service's to change.
    private static void MoveWritable(string from, string to)
    {
        Directory.Move(from, to);
        foreach (var file in new DirectoryInfo(to).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            file.UnixFileMode |= UnixFileMode.UserWrite;
    }
}
