using OpenCluster.Data.Spaces;
using OpenCluster.Resp;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Data.Durability;

/// <summary>
/// The log of every change, in the order in which they were carried out: one record for each batch of the executor, so a batch (and with it a
/// transaction) is there after a crash whole or not at all. Under the executor's gate, except for the disk's own waiting.
/// </summary>
/// <remarks>
/// A record holds runs of commands of one space each: length of the space's name (1), the name, bytes of the run (4), then the commands
/// as arrays of bulk strings, which is also what a replica reads.
/// </remarks>
internal sealed class DataLog : IDisposable
{
    /// <summary>A record is closed at the next command's end once it is this large; one command more still fits into the journal's bound.</summary>
    private const int RecordBytes = 1024 * 1024;

    private readonly Journal journal;
    private readonly FsyncPolicy policy;
    private readonly SyncThread? syncs;
    private readonly RespWriter record = new();
    private Space? space;
    private int runStart;
    private bool isTransaction;

    public DataLog(Journal journal, FsyncPolicy policy, Lock gate, TimeProvider time)
    {
        this.journal = journal;
        this.policy = policy;
        Released = Durable = journal.NextSequence;
        if (policy != FsyncPolicy.No) syncs = new SyncThread(this, policy, gate, time);
    }

    /// <summary>Answers that wait for a position up to this may go out.</summary>
    public long Released { get; private set; }

    /// <summary>Records below this survive a loss of power.</summary>
    public long Durable { get; private set; }

    /// <summary>What an answer to the commands of the batch at hand waits for.</summary>
    public long Position => journal.NextSequence + 1;

    /// <summary>As the setting <c>appendfsync</c> has it.</summary>
    public string PolicyName => policy switch { FsyncPolicy.Always => "always", FsyncPolicy.No => "no", _ => "everysec" };

    /// <summary>Why nothing can be written; null while all is well.</summary>
    public JournalWriteException? Failure { get; private set; }

    public long BytesSinceSnapshot => journal.BytesSinceSnapshot;

    /// <summary>When a background sync made more of it durable, from the thread that did, under the gate.</summary>
    public Action? Advanced { get; set; }

    /// <summary>Takes a line for whoever runs the server.</summary>
    public Action<string> Tell { get; set; } = _ => { };

    internal Journal Journal => journal;

    /// <summary>A writer for one command of <paramref name="of"/>; <see cref="End"/> follows.</summary>
    public RespWriter Begin(Space of)
    {
        if (!ReferenceEquals(space, of)) OpenRun(of);
        return record;
    }

    public void End()
    {
        if (record.Length >= RecordBytes && !isTransaction) Close();
    }

    public void Append(Space of, ReadOnlySpan<byte> command)
    {
        Begin(of).Raw(command);
        End();
    }

    /// <summary>What comes until <see cref="EndTransaction"/> is in one record.</summary>
    public void BeginTransaction() => isTransaction = true;

    public void EndTransaction()
    {
        isTransaction = false;
        End();
    }

    /// <summary>At the end of a batch: what was logged goes to the system. Answers may go out when <see cref="Released"/> has come far enough.</summary>
    public void Flush()
    {
        if (record.Length > 0) Close();
        if (journal.UnwrittenBytes == 0) return;
        try
        {
            journal.Write();
        }
        catch (JournalWriteException refused)
        {
            // It is kept and tried again; nobody whose command is in it has been answered.
            if (Failure is null) Tell($"Writes are refused from now on: {refused.Message}");
            Failure = refused;
            return;
        }
        if (policy == FsyncPolicy.Always) syncs!.Request();
        else Released = journal.NextSequence;
        if (Failure is null || MustReplace) return;
        Failure = null;
        Tell("The log takes writes again.");
        Advanced?.Invoke();
    }

    /// <summary>A sync has returned. Under the gate.</summary>
    internal void Synced(JournalSync sync)
    {
        journal.CompleteSync(sync);
        Durable = sync.NextSequence;
        if (policy != FsyncPolicy.Always) return;
        Released = Durable;
        Advanced?.Invoke();
    }

    /// <summary>A sync has failed: what it covered cannot be trusted, and nothing more is taken until a snapshot has replaced it. Under the gate.</summary>
    internal void SyncFailed(JournalWriteException failure)
    {
        Tell($"A sync of the log failed; writes are refused until a snapshot has replaced it: {failure.Message}");
        Failure = failure;
        MustReplace = true;
    }

    /// <summary>What is on disk is not to be trusted: only a snapshot makes it good.</summary>
    public bool MustReplace { get; private set; }

    /// <summary>A snapshot of everything is durable, and with it every record before <paramref name="position"/>.</summary>
    internal void Replaced(long position)
    {
        Durable = Math.Max(Durable, position);
        if (policy == FsyncPolicy.Always) Released = Math.Max(Released, position);
        if (!MustReplace) return;
        (MustReplace, Failure) = (false, null);
        Advanced?.Invoke();
    }

    public void Dispose()
    {
        syncs?.Dispose();
        Flush();
        if (!MustReplace) SyncAll();
        journal.Dispose();
        record.Dispose();
    }

    /// <summary>At a clean end everything is synced, and the log says so: from then on any damage is told from a torn tail.</summary>
    private void SyncAll()
    {
        try
        {
            var sync = journal.BeginSync();
            sync.Run();
            journal.CompleteSync(sync);
        }
        catch (JournalWriteException failed)
        {
            Tell($"The last of the log may not be on disk: {failed.Message}");
        }
    }

    private void OpenRun(Space of)
    {
        CloseRun();
        space = of;
        Span<byte> head = [(byte)of.NameBytes.Length];
        record.Raw(head);
        record.Raw(of.NameBytes);
        runStart = record.Length;
        record.Raw("\0\0\0\0"u8);
    }

    private void CloseRun()
    {
        if (space is null) return;
        record.Patch(runStart, record.Length - runStart - sizeof(int));
        space = null;
    }

    private void Close()
    {
        CloseRun();
        journal.Append(record.Written);
        record.Clear();
    }
}
