using Microsoft.Win32.SafeHandles;
using OpenCluster.Agent.Processes;

namespace OpenCluster.Agent.Files;

/// <summary>One agent per directory: the kernel holds the lock as long as the process lives, however it dies.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="AgentException">Another agent holds it, or it cannot be made.</exception>
    public static DirectoryLock Take(string path)
    {
        // Opened by libc: .NET would take a lock of its own at opening, and fail with a message that names neither agent nor pid.
        var fd = LibC.Open(path, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenCloseOnExec, 0x180);
        if (fd < 0) throw new AgentException("directory-unusable", $"{path} cannot be opened for writing; is the directory read-only, full, or another user's?");
        var file = new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.ReadWrite);
        if (LibC.Flock(fd, LibC.LockExclusive | LibC.LockNonBlocking) != 0)
        {
            using var reader = new StreamReader(file);
            throw new AgentException("directory-in-use",
                $"another agent (pid {reader.ReadToEnd().Trim()}) works in {Path.GetDirectoryName(path)}; stop it first, or give this one a directory of its own");
        }
        file.SetLength(0);
        file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        file.Flush();
        return new DirectoryLock(file);
    }

    public void Dispose() => _file.Dispose();
}
