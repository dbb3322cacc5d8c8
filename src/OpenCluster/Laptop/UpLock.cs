using System.Globalization;

namespace OpenCluster.Laptop;

/// <summary>
/// One <c>up</c> (or <c>demo</c>) at a time keeps a cluster: a second one would apply its own file, and take everything down at its end.
/// The kernel holds the lock as long as the process lives, however it dies.
/// </summary>
internal sealed class UpLock : IDisposable
{
    /// <summary>In the directory of a cluster.</summary>
    public const string FileName = "up.lock";

    private readonly FileStream _lock;

    private UpLock(FileStream held) => _lock = held;

    /// <param name="home">Where the cluster is kept.</param>
    /// <exception cref="IOException">Another process keeps it, or the directory cannot be written.</exception>
    public static UpLock Take(string home)
    {
        // The process id is in a file of its own: what is locked can be read by nobody else.
        var (file, holder) = (Path.Combine(home, FileName), Path.Combine(home, "up.pid"));
        FileStream held;
        try
        {
            held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken.HResult is WouldBlock)
        {
            throw new IOException(
                $"The cluster in {home} is up already, kept by process {File.ReadAllText(holder).Trim()}. Nothing was changed. " +
                $"Change it with `opencluster apply FILE`, or end it with Ctrl-C there or `kill {File.ReadAllText(holder).Trim()}`.", taken);
        }

        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        return new UpLock(held);
    }

    /// <summary>EWOULDBLOCK on Linux, which is how the framework says that somebody else has the lock.</summary>
    private const int WouldBlock = 11;

    public void Dispose() => _lock.Dispose();
}
