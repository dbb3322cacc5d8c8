using System.Security.Cryptography;
using OpenCluster.Agent.Processes;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Secrets;

/// <summary>
/// This agent's directory on a file system in memory (tmpfs(5)), which no disk, backup or copy of the machine has. A new one for each boot, of a
/// name that nobody can guess beforehand: in /dev/shm everybody may make directories.
/// </summary>
internal sealed class MemoryPlace(AgentDirectory directory)
{
    private const UnixFileMode PassThrough = AgentDirectory.Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private string? _root;

    /// <summary>Made when it is not there.</summary>
    /// <exception cref="AgentException">There is no file system in memory that this agent may write to.</exception>
    public string Root => Exists ? _root! : _root = Made();

    public bool Exists => Directory.Exists(_root ??= Kept());

    /// <summary>Removes it when nothing is in it any more.</summary>
    public void Leave()
    {
        if (!Exists || Directory.EnumerateFileSystemEntries(_root!).Any()) return;
        Directory.Delete(_root!);
        File.Delete(directory.MemoryPlace);
        _root = null;
    }

    private string? Kept() =>
        File.Exists(directory.MemoryPlace) && File.ReadAllLines(directory.MemoryPlace) is [var boot, var path] && boot == ProcFs.BootId && Directory.Exists(path) ? path : null;

    private string Made()
    {
        var above = Candidates().FirstOrDefault(IsInMemory)
            ?? throw new AgentException("no-memory-files", "secrets come as files in memory, and neither /run nor /dev/shm is a tmpfs this agent may write to; mount one at /dev/shm");
        var path = Path.Combine(above, "opencluster-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        // Known before it is made, so that it is found again after a crash.
        PrivateFile.Write(directory.MemoryPlace, $"{ProcFs.BootId}\n{path}\n");
        Directory.CreateDirectory(path, PassThrough);
        File.SetUnixFileMode(path, PassThrough);
        return path;
    }

    private static IEnumerable<string> Candidates() =>
        LibC.EffectiveUser() == 0 ? ["/run", "/dev/shm"] : [.. new[] { Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") }.OfType<string>(), "/dev/shm"];

    /// <summary>As /proc/self/mounts has it; the mount nearest above counts, and of several there the last.</summary>
    private static bool IsInMemory(string path)
    {
        var mounts = File.ReadLines("/proc/self/mounts").Select(l => l.Split(' ')).Where(f => f.Length >= 4 && (path == f[1] || f[1] == "/" || path.StartsWith(f[1] + "/", StringComparison.Ordinal)));
        return Directory.Exists(path) && mounts.OrderBy(f => f[1].Length).LastOrDefault() is [_, _, "tmpfs" or "ramfs", var options, ..] && options.Split(',').Contains("rw");
    }
}
