using OpenCluster.Store.Journaling;

namespace OpenCluster.Data.Durability;

/// <summary>Waits for the disk, so that nobody else has to: syncs the log when it is asked to, or once a second.</summary>
internal sealed class SyncThread : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly DataLog log;
    private readonly Lock gate;
    private readonly SemaphoreSlim wanted = new(0);
    private readonly ITimer? timer;
    private readonly Thread thread;
    private int requests;
    private volatile bool ending;

    public SyncThread(DataLog log, FsyncPolicy policy, Lock gate, TimeProvider time)
    {
        this.log = log;
        this.gate = gate;
        thread = new Thread(Run) { Name = "data log sync", IsBackground = true };
        thread.Start();
        if (policy == FsyncPolicy.EverySecond) timer = time.CreateTimer(_ => Request(), null, Second, Second);
    }

    /// <summary>What has been written is to be synced. Requests that come while one is carried out are one request.</summary>
    public void Request()
    {
        if (Interlocked.Exchange(ref requests, 1) == 0) wanted.Release();
    }

    public void Dispose()
    {
        timer?.Dispose();
        ending = true;
        wanted.Release();
        thread.Join();
        wanted.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            wanted.Wait();
            if (ending) return;
            Volatile.Write(ref requests, 0);
            Sync();
        }
    }

    private void Sync()
    {
        JournalSync sync;
        lock (gate)
        {
            sync = log.Journal.BeginSync();
            // After a failure only a snapshot helps: a second sync would call good what the first one lost.
            if (sync.NextSequence <= log.Durable || log.MustReplace) return;
        }
        try
        {
            sync.Run();
            lock (gate) log.Synced(sync);
        }
        catch (JournalWriteException failed)
        {
            lock (gate) log.SyncFailed(failed);
        }
    }
}
