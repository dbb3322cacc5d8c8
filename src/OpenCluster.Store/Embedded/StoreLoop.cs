using System.Threading.Channels;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Embedded;

/// <summary>The one owner of the journal, the leases' clock and the next state. Everybody else sees only what is published.</summary>
internal sealed class StoreLoop
{
    /// <summary>The most requests in one sync: bounds how long the first of them waits for the others.</summary>
    private const int MaxBatch = 256;

    /// <summary>The most bytes in one sync, passed by at most one transaction.</summary>
    private const long MaxBatchBytes = 4 * 1024 * 1024;

    /// <summary>How soon leases that are due are tried again when the disk refused to end them.</summary>
    private static readonly TimeSpan ExpiryRetry = TimeSpan.FromSeconds(1);

    private readonly EmbeddedStoreOptions options;
    private readonly Journal journal;
    private readonly LeaseClock clock;
    private long snapshotAt;
    private volatile StoreState state;

    private StoreLoop(EmbeddedStoreOptions options, Journal journal, StoreState state, ChangeHistory history)
    {
        this.options = options;
        this.journal = journal;
        this.state = state;
        History = history;
        snapshotAt = options.SnapshotBytes;
        clock = new LeaseClock(options.Time);
        foreach (var (id, lease) in state.Leases)
            clock.Start(id, lease.TimeToLive);
    }

    /// <summary>The newest durable state.</summary>
    public StoreState State => state;

    public ChangeHistory History { get; }

    public Generation Generation => new(journal.Generation);

    /// <summary>The store as its journal has it.</summary>
    public static StoreLoop Recover(IDirectory directory, EmbeddedStoreOptions options)
    {
        var replay = new Replay(new ChangeHistory(options.HistoryRevisions, options.HistoryBytes));
        var journalOptions = new JournalOptions { NewGeneration = Generation.NewerThan(default, options.Time).Number };
        var opened = Journal.Open(directory, journalOptions, replay);
        if (opened.Tail is { } tail)
            options.Report($"The end of {tail.File} was cut at byte {tail.Offset} ({tail.Bytes} bytes: {tail.Problem}). It was never acknowledged: a write was under way when the machine stopped.");
        return new StoreLoop(options, opened, replay.State, replay.History);
    }

    /// <summary>Runs until the channel is completed and empty, then closes the journal.</summary>
    public async Task RunAsync(Channel<Request> requests)
    {
        // Only wakes the loop up; what is due is looked at in every round.
        using var wake = new SemaphoreSlim(0);
        await using var timer = options.Time.CreateTimer(_ => wake.Release(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Exception end = new StoreUnavailableException("The store was closed.", outcomeUnknown: false);
        try
        {
            Arm(timer, diskWrites: true);
            var arrival = requests.Reader.WaitToReadAsync().AsTask();
            var alarm = wake.WaitAsync();
            while (true)
            {
                await Task.WhenAny(arrival, alarm);
                if (arrival.IsCompleted && !await arrival)
                    break;
                var diskWrites = RunBatch(requests.Reader);
                if (diskWrites)
                    SnapshotIfDue();
                Arm(timer, diskWrites);
                if (alarm.IsCompleted)
                    alarm = wake.WaitAsync();
                if (arrival.IsCompleted)
                    arrival = requests.Reader.WaitToReadAsync().AsTask();
            }
        }
        catch (Exception broken)
        {
            end = broken;
            throw;
        }
        finally
        {
            requests.Writer.TryComplete();
            while (requests.Reader.TryRead(out var request))
                request.Fail(end);
            History.Close();
            journal.Dispose();
        }
    }

    /// <summary>Decides what is waiting one after the other, commits it together, then publishes and answers. False when the disk refused.</summary>
    private bool RunBatch(ChannelReader<Request> waiting)
    {
        var batch = new List<Request>();
        var records = new List<StoreRecord>();
        var next = state;
        long bytes = 0;
        try
        {
            foreach (var lease in clock.Due())
                Take(new ExpireRequest(lease));
            while (batch.Count < MaxBatch && bytes < MaxBatchBytes && waiting.TryRead(out var request))
                Take(request);
            journal.Commit();
        }
        catch (JournalWriteException refused)
        {
            journal.Forget();
            // All of the batch: a later one may have been decided on what an earlier one would have changed.
            var error = new StoreUnavailableException(refused.Message, refused.OutcomeUnknown, refused);
            batch.ForEach(request => request.Fail(error));
            return false;
        }
        catch (Exception broken)
        {
            batch.ForEach(request => request.Fail(broken));
            throw;
        }
        Publish(next, records);
        batch.ForEach(request => request.Succeed());
        return true;

        void Take(Request request)
        {
            batch.Add(request);
            if (request.Decide(next, clock) is not { ChangesAnything: true } record)
                return;
            var payload = RecordCodec.EncodeStep(record);
            journal.Append(payload);
            bytes += payload.Length;
            next = next.Apply(record);
            records.Add(record);
        }
    }

    private void Publish(StoreState next, List<StoreRecord> records)
    {
        state = next;
        foreach (var record in records)
        {
            foreach (var lease in record.Granted)
                clock.Start(lease.Id, lease.TimeToLive);
            foreach (var lease in record.Ended)
                clock.Remove(lease);
            if (record.ChangesDocuments)
                History.Add(record.ToBatch());
        }
    }

    private void Arm(ITimer timer, bool diskWrites)
    {
        if (clock.UntilNext() is not { } left)
            return;
        // Timers count whole milliseconds: rounded up, or one would go off just before the lease is due, again and again.
        var wait = TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(left.TotalMilliseconds)));
        timer.Change(diskWrites || wait > ExpiryRetry ? wait : ExpiryRetry, Timeout.InfiniteTimeSpan);
    }

    private void SnapshotIfDue()
    {
        if (journal.BytesSinceSnapshot < snapshotAt)
            return;
        try
        {
            using var snapshot = journal.BeginSnapshot();
            foreach (var payload in RecordCodec.EncodeState(state))
                snapshot.Append(payload);
            snapshot.Complete();
            snapshotAt = Math.Max(options.SnapshotBytes, snapshot.SizeBytes);
        }
        catch (JournalWriteException refused)
        {
            // Nothing is lost, the journal only stays longer; tried again when it has grown by as much again.
            snapshotAt = journal.BytesSinceSnapshot + options.SnapshotBytes;
            options.Report($"A snapshot could not be written, the store goes on without: {refused.Message}");
        }
    }

    private sealed class Replay(ChangeHistory history) : IJournalReplay
    {
        public StoreState State { get; private set; } = StoreState.Empty;

        public ChangeHistory History => history;

        public void Snapshot(ReadOnlySpan<byte> payload)
        {
            State = RecordCodec.DecodeState(State, payload);
            history.StartAfter(State.Revision);
        }

        public void Record(long sequence, ReadOnlySpan<byte> payload)
        {
            var record = RecordCodec.DecodeStep(payload);
            State = State.Apply(record);
            if (record.ChangesDocuments)
                history.Add(record.ToBatch());
        }
    }
}
