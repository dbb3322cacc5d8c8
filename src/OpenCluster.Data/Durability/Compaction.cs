using OpenCluster.Data.Execution;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data.Durability;

/// <summary>
/// Decides when a snapshot replaces the log: when the log since the last one is as large as that one was, so that the disk holds at most
/// about twice the data and everything is written about twice; when somebody asks; and when a sync has failed. Under the executor's gate.
/// </summary>
internal sealed class Compaction(Executor executor, DataLog log, IDirectory directory) : IDisposable
{
    /// <summary>A log smaller than this is read in a moment anyway.</summary>
    private const long LeastBytes = 64 * 1024 * 1024;

    /// <summary>After a snapshot that the disk did not take.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private Thread? running;
    private long lastBytes;
    private long refusedAt;
    private bool isAsked;

    /// <summary>A snapshot is being taken, or will be at the next look.</summary>
    public bool IsRunning => isAsked || running is { IsAlive: true };

    /// <summary>One is to be taken now.</summary>
    public void Ask() => isAsked = true;

    /// <summary>From time to time: starts what is due.</summary>
    public void Look()
    {
        if (running is { IsAlive: true }) return;
        var isDue = isAsked || log.MustReplace || log.BytesSinceSnapshot > Math.Max(LeastBytes, lastBytes);
        if (!isDue || (refusedAt != 0 && executor.Time.GetElapsedTime(refusedAt) < Pause)) return;
        isAsked = false;
        running = new Thread(Run) { Name = "data snapshot", IsBackground = true };
        running.Start();
    }

    /// <summary>Waits for the snapshot that is being taken. Not under the gate.</summary>
    public void Dispose() => running?.Join();

    private void Run()
    {
        var bytes = SnapshotRun.Take(executor, log, directory);
        lock (executor.Gate)
        {
            refusedAt = bytes is null ? executor.Time.GetTimestamp() : 0;
            lastBytes = bytes ?? lastBytes;
        }
    }
}
