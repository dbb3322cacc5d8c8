using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Threading.Channels;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Versions;
using OpenCluster.Decisions;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Store;

namespace OpenCluster.Controller.Conducting;

/// <summary>
/// Owns the conductor. Everything that happens comes through one bounded queue:
/// (1) events are decided, (2) what they write is committed in one transaction, (3) whoever waits is told, (4) effects are carried out.
/// When (2) fails the conductor is thrown away and made again from the store, so that the two never disagree. The same when (1) throws:
/// the event, or the service that cannot be decided about, is set aside (<see cref="AsideBook"/>), because it would end the next controller
/// just so. (Long, because the four steps share what is decided and not yet committed.) Time is never set aside: when deciding fails on nothing but what is stored of the whole, going on would be worse than ending loudly.
/// </summary>
internal sealed partial class ClusterLoop(
    Ledger ledger, AuditTrail audit, Story story, IOwnBook books, VersionBook versions, Roster roster, AsideBook aside, Effects effects, TimeProvider time, ILogger<ClusterLoop> log)
{
    /// <summary>Two seconds of reports from 1,000 servers; when it is full, reports are answered 503 and come again.</summary>
    private const int MaxWaiting = 4096;

    /// <summary>The rest is kept free, so that a flood of reports does not shut out the people who want to see why.</summary>
    private const int MaxHeard = 3072;

    /// <summary>
    /// Decisions that only time asked for and that failed in a row, each after the state was read anew. What agents said before may have
    /// been the reason, so the first few are survived.
    /// </summary>
    private const int MostFailedInTime = 3;
    private static readonly TimeSpan RowEnds = TimeSpan.FromMinutes(1);

    /// <summary>How often a store that cannot write is tried again.</summary>
    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Room beyond what did not fit, before the store is believed to write again.</summary>
    private const int ProbeBeyond = 16 << 10;

    /// <summary>How old a view may be: figures of reports change all the time, and a view costs with the size of the cluster.</summary>
    private static readonly TimeSpan ViewAge = TimeSpan.FromMilliseconds(100);

    private readonly SteadyClock _clock = new(time);
    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Conductor _conductor = null!;
    private volatile string? _trouble;
    private Work? _again;
    private long _probeBytes;
    private int _failedInTime;
    private DateTimeOffset _lastFailedInTime;
    private (ClusterView View, Conductor Of, long Revision, DateTimeOffset At)? _view;

    public LoopCounters Counters { get; } = new();

    /// <summary>What could not be decided.</summary>
    public AsideBook Aside => aside;

    /// <inheritdoc cref="ControllerOptions.Fault"/>
    public Action<ClusterEvent>? Fault { get; init; }

    /// <summary>Completes when the state has been read from the store.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Why nothing can be stored at the moment; null when it can.</summary>
    public string? Trouble => _trouble;

    public int Waiting => _queue.Reader.Count;

    /// <summary>Takes a report or another thing heard; false when too many wait.</summary>
    public bool TryHear(ClusterEvent happened) => _queue.Reader.Count < MaxHeard && _queue.Writer.TryWrite(new Work.Heard(happened));

    /// <summary>The same for what must not be lost (an answer to an effect): waits for room.</summary>
    public ValueTask HearAsync(ClusterEvent happened, CancellationToken ct) => _queue.Writer.WriteAsync(new Work.Heard(happened), ct);

    /// <summary>Adds to the story; dropped where more waits than can be kept up with.</summary>
    public void Tell(Note note) => _queue.Writer.TryWrite(new Work.Told(note));

    /// <summary>The cluster as it is now, or was at most <see cref="ViewAge"/> ago with nothing stored since.</summary>
    public Task<ClusterView> ViewAsync(CancellationToken ct) => LookAsync(_ => View(), ct);

    /// <summary>Something computed from the state; it must not keep what it was given.</summary>
    public Task<T> LookAsync<T>(Func<Conductor, T> look, CancellationToken ct)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(new Work.Look(conductor => answer.SetResult(look(conductor)), error => answer.TrySetException(error)));
        return answer.Task.WaitAsync(ct);
    }

    /// <summary>A change, once it is durable.</summary>
    /// <exception cref="Api.ProblemException">It was refused, or could not be stored.</exception>
    public Task<Done> ChangeAsync(Func<Conductor, Intent> decide, CancellationToken ct)
    {
        var change = new Work.Change(decide);
        Enqueue(change);
        return change.Completion.Task.WaitAsync(ct);
    }

    /// <summary>A change that nobody waits for; when it cannot be made now, its cause comes again.</summary>
    public void TryChange(Func<Conductor, Intent> decide) => _queue.Writer.TryWrite(new Work.Change(decide));

    /// <summary>Runs until cancelled, or until another controller has taken over.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await WorkAsync(ct);
        }
        catch (Exception failed)
        {
            // Whoever waits must not wait for ever, and a controller whose loop has ended must not look alive.
            var why = failed is OperationCanceledException ? "The controller is stopping." : failed.Message;
            _trouble = why;
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out var work)) work.Fail(Problems.NotStored(why));
            if (failed is OperationCanceledException && ct.IsCancellationRequested) return;
            LogEnded(log, failed);
            throw;
        }
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        await RecoverAsync(ct);
        _ready.TrySetResult();
        await using var wake = time.CreateTimer(_ => _queue.Writer.TryWrite(new Work.Heard(new ClusterEvent.TimePassed())), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        do
        {
            var batch = new Batch();
            if (Gather(batch) is { } failed) await SetAsideAsync(batch, failed, ct);
            else await FinishAsync(batch, ct);

            wake.Change(UntilWake(), Timeout.InfiniteTimeSpan);
        }
        while (_again is not null || await _queue.Reader.WaitToReadAsync(ct));
    }

    /// <summary>Set anew in every round, and rounded up: timers cut to whole milliseconds, and one that fires early must not be the last.</summary>
    private TimeSpan UntilWake() =>
        _conductor.Wake is { } at ? TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, (at - _clock.Now).TotalMilliseconds))) : Timeout.InfiniteTimeSpan;

    private ClusterView View()
    {
        var now = _clock.Now;
        if (_view is { } known && known.Of == _conductor && known.Revision == ledger.Revision && now - known.At < ViewAge) return known.View;
        var view = _conductor.View();
        _view = (view, _conductor, ledger.Revision, now);
        return view;
    }

    private void Enqueue(Work work)
    {
        if (!_queue.Writer.TryWrite(work)) throw Problems.Busy("The controller has more to do than it can keep up with.");
    }

    /// <summary>Takes in what waits, as far as it fits.</summary>
    /// <returns>What the conductor threw at, if it did: it must not be used any more.</returns>
    private UndecidedException? Gather(Batch batch)
    {
        try
        {
            while (batch.HasRoom && TryNext(out var work)) Take(work, batch);
            // Also when the timer's own entry found the queue full.
            if (_conductor.Wake is { } due && due <= _clock.Now) Hear(new ClusterEvent.TimePassed(), batch);
            return null;
        }
        catch (UndecidedException failed)
        {
            return failed;
        }
    }

    private bool TryNext([NotNullWhen(true)] out Work? work)
    {
        if (_again is null) return _queue.Reader.TryRead(out work);
        (work, _again) = (_again, null);
        return true;
    }

    private void Take(Work work, Batch batch)
    {
        try
        {
            switch (work)
            {
                case Work.Heard heard:
                    Hear(heard.Happened, batch);
                    break;
                case Work.Told told:
                    batch.Add(story.Add(told.Note));
                    break;
                case Work.Look look:
                    batch.Add(look);
                    break;
                case Work.Change change:
                    Decide(change, batch);
                    break;
            }
        }
        catch (UndecidedException failed) when (failed.Place is not null)
        {
            // Not its fault: it is taken in again when that service has been set aside. Each service is that once, so this ends.
            _again = work;
            throw;
        }
    }

    private void Hear(ClusterEvent happened, Batch batch)
    {
        if (aside.LeavesOut(happened, _clock.Now))
        {
            if (happened is not ClusterEvent.ServerReported report) return;
            // What it says cannot be taken in; that it lives can, and nothing of it must be moved for silence.
            happened = new ClusterEvent.ServerHeard(report.Report.ServerId);
        }

        var outcome = Decide(happened, batch);
        batch.Add([.. outcome.Persist, .. story.Add(outcome.Effects), .. aside.Passed(happened, outcome)]);
    }

    private Outcome Decide(ClusterEvent happened, Batch batch)
    {
        Counters.Events++;
        try
        {
            Fault?.Invoke(happened);
            var outcome = _conductor.Handle(happened, _clock.Now);
            batch.Effects.AddRange(outcome.Effects);
            return outcome;
        }
        catch (PlaceUndecidedException error)
        {
            throw new UndecidedException(happened, error.Place, error.InnerException!);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new UndecidedException(happened, place: null, error);
        }
    }

    private void Decide(Work.Change change, Batch batch)
    {
        Intent intent;
        try
        {
            intent = change.Decide(_conductor);
        }
        catch (Exception failed)
        {
            // A problem, or the request's own fault: nothing has been decided yet, so the loop goes on.
            change.Fail(failed);
            return;
        }

        Decide(change, intent, batch);
    }

    private void Decide(Work.Change change, Intent intent, Batch batch)
    {
        Outcome outcome;
        try
        {
            outcome = intent.Event is { } happened ? Decide(happened, batch) : Outcome.Nothing;
        }
        catch (UndecidedException failed) when (failed.Place is null)
        {
            change.Fail(Problems.SetAside(failed.Error.Message));
            throw;
        }

        List<DocumentWrite> writes = [.. outcome.Persist, .. story.Add(outcome.Effects)];
        if (intent.Event is { } passed) writes.AddRange(aside.Passed(passed, outcome));
        if (outcome.Refused is { } refused)
        {
            // What else the event found due is kept all the same.
            batch.Add(writes);
            change.Fail(Problems.Conflict(refused.Code, refused.Reason, ""));
            return;
        }

        for (var part = intent; part is not null; part = part.Then?.Invoke(_conductor, outcome))
        {
            writes.AddRange(part.Documents);
            if (part.Audit is { } entry) writes.AddRange(audit.Add(entry, time.GetUtcNow()));
        }

        batch.Add(writes, change, outcome);
    }

    private async Task FinishAsync(Batch batch, CancellationToken ct)
    {
        if (await StoreAsync(batch, ct)) CarryOut(batch);
    }

    /// <returns>False when it could not be stored: everybody has been told, and the conductor is made anew.</returns>
    private async Task<bool> StoreAsync(Batch batch, CancellationToken ct)
    {
        for (var i = 0; i < batch.Parts.Count; i++)
        {
            var part = batch.Parts[i];
            try
            {
                await CommitAsync(part);
            }
            catch (Exception failed) when (failed is StoreUnavailableException or ArgumentException)
            {
                await FailAsync(batch, i, failed, ct);
                return false;
            }

            foreach (var (change, outcome) in part.Changes) change.Completion.TrySetResult(new Done(outcome, ledger.Revision));
        }

        return true;
    }

    private void CarryOut(Batch batch)
    {
        roster.Update(_conductor);
        foreach (var look in batch.Looks) Look(look);
        effects.CarryOut(batch.Effects, _conductor, this);
    }

    /// <summary>
    /// What was decided before the failure is right and is stored; the conductor, which may have stopped halfway, is made again from the
    /// store, without what failed.
    /// </summary>
    private async Task SetAsideAsync(Batch batch, UndecidedException failed, CancellationToken ct)
    {
        LogSetAside(log, failed.Source, failed.Error);
        if (failed.OfStateAlone && FailedInTime() >= MostFailedInTime)
            throw new InvalidOperationException($"Deciding fails again and again on nothing but what is stored: {failed.Error.Message}", failed.Error);
        // Whoever is to be told something is told anew after the recovery, and git is asked anew.
        batch.Effects.RemoveAll(effect => effect is not ClusterEffect.Tell);
        if (!failed.OfStateAlone)
        {
            Counters.SetAside++;
            if (!aside.Has(failed.Source)) TellAside(batch, failed);
            batch.Add(aside.Add(failed, _clock.Now, time.GetUtcNow()));
        }

        if (!await StoreAsync(batch, ct)) return;
        await RecoverAsync(ct);
        CarryOut(batch);
    }

    /// <summary>The first time in a row: to the trail and to the story.</summary>
    private void TellAside(Batch batch, UndecidedException failed)
    {
        var error = $"{failed.Error.GetType().Name}: {failed.Error.Message}";
        batch.Add(audit.Add(new AuditEntry(Caller.Controller, $"set aside {failed.Source}", error), time.GetUtcNow()));
        var note = new Note(_clock.Now, Weight.Trouble, failed.Source, $"The controller failed at this and has set it aside; everything else goes on. {error}");
        batch.Add(story.Add(note));
        batch.Effects.Add(new ClusterEffect.Tell(note));
    }

    /// <summary>How often in a row by now; a minute without makes a new row.</summary>
    private int FailedInTime()
    {
        var now = _clock.Now;
        _failedInTime = now - _lastFailedInTime > RowEnds ? 1 : _failedInTime + 1;
        _lastFailedInTime = now;
        return _failedInTime;
    }

    private async Task CommitAsync(Batch.Part part)
    {
        if (part.Documents.Count == 0) return;
        await ledger.CommitAsync(part.Documents);
        Counters.Commits++;
        _conductor.Committed(ledger.Revision);
        books.Apply(part.Documents);
        audit.Apply(part.Documents);
        story.Apply(part.Documents);
        versions.Apply(part.Documents);
    }

    private void Look(Work.Look look)
    {
        try
        {
            look.Run(_conductor);
        }
        catch (Exception failed)
        {
            // The asker's own question failed; the loop goes on.
            look.Fail(failed);
        }
    }

    /// <summary>What is not stored has not happened: say so, and go back to what the store holds.</summary>
    private async Task FailAsync(Batch batch, int from, Exception failed, CancellationToken ct)
    {
        Counters.FailedCommits++;
        audit.GoBack();
        story.GoBack();
        _trouble = failed.Message;
        _probeBytes = batch.Parts.Skip(from).Max(part => part.Bytes);
        LogNotStored(log, failed.Message);
        var problem = Problems.NotStored(failed.Message);
        foreach (var (change, _) in batch.Parts.Skip(from).SelectMany(part => part.Changes)) change.Fail(problem);
        foreach (var look in batch.Looks) look.Fail(problem);
        // What was decided once is decided again from the same state: not at full speed.
        await Task.Delay(RetryEvery, time, ct);
        await RecoverAsync(ct);
    }

    /// <summary>Makes the conductor from the store, and tries until what it wants to write first is written.</summary>
    private async Task RecoverAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                var (conductor, outcome) = Conductor.Recover(await ledger.ReadAsync(ct), _clock.Now);
                _conductor = conductor;
                foreach (var (place, until) in aside.Places) conductor.LeaveOut(place, until);
                var batch = new Batch();
                batch.Add([.. outcome.Persist, .. story.Add(outcome.Effects)]);
                if (_trouble is not null) await ProbeAsync(_trouble);
                foreach (var part in batch.Parts) await CommitAsync(part);
                conductor.Committed(ledger.Revision);
                if (_trouble is not null) LogStoringAgain(log);
                _trouble = null;
                roster.Update(_conductor);
                effects.CarryOut(outcome.Effects, _conductor, this);
                return;
            }
            catch (StoreUnavailableException unavailable)
            {
                audit.GoBack();
                story.GoBack();
                _trouble = unavailable.Message;
                RefuseWaiting(unavailable.Message);
                await Task.Delay(RetryEvery, time, ct);
            }
            catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
            {
                throw new ControllerStartException($"The state in the store cannot be read: {damaged.Message} Nothing was changed. Start the version that wrote it, or restore a backup.", damaged);
            }
        }
    }

    /// <summary>
    /// An empty transaction would not show whether the store can write again, nor would one that is smaller than what it could not take: on
    /// a full disk that may fit into what is left of the last page.
    /// </summary>
    private async Task ProbeAsync(string trouble)
    {
        var probe = new byte[Math.Min(_probeBytes + ProbeBeyond, StoreLimits.MaxValueBytes)];
        await ledger.CommitAsync([KeyValuePair.Create(OwnKeys.Probe, (ReadOnlyMemory<byte>?)probe)]);
        await ledger.CommitAsync([KeyValuePair.Create(OwnKeys.Probe, default(ReadOnlyMemory<byte>?)), .. audit.Add(new AuditEntry(Caller.Controller, "recovered", trouble), time.GetUtcNow()).Select(w => KeyValuePair.Create(w.Key, w.Json))]);
    }

    /// <summary>Nobody is left waiting for a store that may be away for long.</summary>
    private void RefuseWaiting(string why)
    {
        while (_queue.Reader.TryRead(out var work))
        {
            // What is asked about is still true: it is the last state that was stored.
            if (work is Work.Look look) Look(look);
            else work.Fail(Problems.NotStored(why));
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "deciding failed, and the event is set aside: {Source}")]
    private static partial void LogSetAside(ILogger log, string source, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "nothing can be stored: {Reason}")]
    private static partial void LogNotStored(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "the controller cannot go on")]
    private static partial void LogEnded(ILogger log, Exception failed);

    [LoggerMessage(Level = LogLevel.Information, Message = "the store can be written again")]
    private static partial void LogStoringAgain(ILogger log);
}
