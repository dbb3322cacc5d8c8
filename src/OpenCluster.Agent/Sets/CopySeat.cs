using System.Threading.Channels;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Sets.Votes;
using OpenCluster.Decisions;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Sets;

/// <summary>What a seat needs of the agent around it.</summary>
internal sealed record SeatWorld
{
    public required string ServerId { get; init; }
    public required SteadyClock Clock { get; init; }
    public required TimeProvider Time { get; init; }
    public required AgentLog Log { get; init; }
    public required Action<SetWord> Say { get; init; }
    /// <summary>A driver for the process of this seat's copy.</summary>
    public required Func<SetSeat, ISetDriver> Driver { get; init; }
    /// <summary>Asks a voter; null when it did not answer.</summary>
    public required Func<string, VoteAsk, bool, Task<VoteAnswer?>> Vote { get; init; }
    /// <summary>Ends the copy's process by force.</summary>
    public required Action<string> Kill { get; init; }
}

/// <summary>
/// The shell around <see cref="CopyCare"/> and <see cref="LeaseKeeping"/> for this server's copy of one set: feeds them what the process, the voters and
/// the controller say, and carries out what they decide. One loop owns all of it; what is done to the process goes through <see cref="ActQueue"/>.
/// (Long, because the two machines and the gate share what is known of the process.)
/// </summary>
internal sealed class CopySeat
{
    private const int MostWaiting = 4096;

    private readonly SeatWorld _world;
    private readonly SeatFiles _files;
    private readonly VoterSeat _voter;
    private readonly ActQueue _acts;
    private readonly WriteGate _gate;
    private readonly Channel<Action> _inbox = Channel.CreateBounded<Action>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private SetSeat _seat;
    private Copy _copy;
    private CopyLife _life;
    private WriteLease? _lease;
    private DriverStatus? _status;
    private int _process;
    private bool _found;
    private bool _runs;
    private bool _begun;
    private bool _promoted;
    private bool _looking;
    private int _decided;
    private long _marked;
    private DateTimeOffset _answered;
    private DateTimeOffset _ticked;
    private DateTimeOffset _nextLook;
    private DateTimeOffset _nextSay;
    private DateTimeOffset _nextMark;

    /// <exception cref="System.Text.Json.JsonException">What was kept of it cannot be read.</exception>
    public CopySeat(SetSeat seat, SeatFiles files, VoterSeat voter, SeatWorld world)
    {
        (_seat, _files, _voter, _world) = (seat, files, voter, world);
        _copy = (files.ReadCopy() ?? new Copy { Member = world.ServerId }) with { Alive = false, Trouble = null };
        _life = files.ReadLife() ?? new CopyLife();
        _acts = new ActQueue(Post, world.Time);
        _gate = new WriteGate(_acts, () => world.Clock.Now, why => Feed(new CopyEvent.ProcessHangs(why)));
    }

    private DateTimeOffset Now => _world.Clock.Now;

    /// <summary>Runs it until cancelled. The process lives on.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var timer = _world.Time.CreateTimer(_ => _inbox.Writer.TryWrite(Tick), null, SetTimes.Tick, SetTimes.Tick);
        var acting = _acts.RunAsync(ct);
        try
        {
            await foreach (var action in _inbox.Reader.ReadAllAsync(ct)) action();
        }
        finally
        {
            _acts.Begin(null);
            await acting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Use(SetSeat seat) => Post(() => _seat = seat);

    /// <summary>A process of the copy runs.</summary>
    /// <param name="found">It was left by an earlier agent.</param>
    public void Runs(ProcessIdentity process, bool found) => Post(() =>
    {
        _process = _acts.Begin(_world.Driver(_seat));
        (_runs, _begun, _promoted, _looking, _found, _status, _answered, _marked) = (true, false, false, false, found && process == _life.Process, null, Now, 0);
        _gate.Begin(found);
        if (!_found) Remember(_life with { Process = process, Exact = false });
    });

    /// <summary>It is certainly gone.</summary>
    public void Ended(string why) => Post(() =>
    {
        _process = _acts.Begin(null);
        (_runs, _begun, _promoted, _looking) = (false, false, false, false);
        _gate.IsShut();
        Feed(new CopyEvent.ProcessEnded(why));
    });

    public void Order(SetOrder order) => Post(() =>
    {
        var electorate = new Electorate(order.Version, order.Voters);
        switch (order.Kind)
        {
            case SetOrderKind.AskReport:
                Asked(order.Epoch);
                break;
            case SetOrderKind.Promote:
                Feed(new CopyEvent.PromoteOrdered(order.Epoch, electorate, order.MayBeEmpty));
                break;
            case SetOrderKind.Follow when order.Primary is { } primary:
                Feed(new CopyEvent.FollowOrdered(primary, order.Epoch));
                break;
            case SetOrderKind.GiveUp:
                Feed(new CopyEvent.GiveUpOrdered(order.Epoch));
                break;
            case SetOrderKind.UseElectorate:
                Feed(new CopyEvent.ElectorateOrdered(order.Epoch, electorate));
                break;
        }
    });

    private void Post(Action action) => _inbox.Writer.TryWrite(action);

    /// <summary>What it holds now, not what it held when last looked at. A process that does not answer gives none.</summary>
    private void Asked(long epoch)
    {
        if (!_copy.Alive) Feed(new CopyEvent.ReportAsked(epoch));
        else Look(() => Feed(new CopyEvent.ReportAsked(epoch)));
    }

    private void Tick()
    {
        // Who stood still himself has heard nothing, and knows nothing of the process's silence.
        if (Now - _ticked > SetTimes.Call) _answered = Now;
        _ticked = Now;
        Feed(new LeaseEvent.TimePassed());
        _gate.Look(_copy is { Role: MemberRole.Primary, Alive: true } && _promoted ? _lease : null);
        if (_runs && !_looking && Now >= _nextLook)
        {
            (_looking, _nextLook) = (true, Now + SetTimes.Look);
            Look(null);
        }

        if (_copy.Alive && Now - _answered > SetTimes.HangsAfter) Feed(new CopyEvent.ProcessHangs($"it has not answered for {SetTimes.HangsAfter.TotalSeconds:0} s"));
        if (_promoted && Now >= _nextMark && _status is { } seen && seen.Offset != _marked) Mark();
        if (Now < _nextSay) return;
        Say(_copy.Report());
    }

    private void Look(Action? then)
    {
        DriverStatus? status = null;
        var decided = _decided;
        _acts.Do(
            async (driver, ct) => status = await driver.StatusAsync(ct),
            () =>
            {
                _looking = false;
                if (status is not null && _runs) Saw(status, stale: decided != _decided);
                then?.Invoke();
            },
            _ => _looking = false);
    }

    /// <param name="stale">Something was decided since it was asked: what it said may be of before that.</param>
    private void Saw(DriverStatus status, bool stale)
    {
        _answered = Now;
        if (status.Loading || stale) return;
        var before = _status;
        _status = status;
        if (_found && !_begun) _promoted = status.IsPrimary && _copy.Role == MemberRole.Primary && status.MarkEpoch == _copy.Epoch;
        if (!_life.Exact && !status.IsPrimary && status is { LinkUp: true, Filling: false }) Remember(_life with { Exact = true });
        if (_copy.Role == MemberRole.Follows && status.LinkUp && before is { IsPrimary: false } && status.Offset > before.Offset) _voter.HearPrimary(_copy.Epoch);
        var (lineage, offset) = SetProgress.Of(status, _promoted ? _copy.Epoch : 0, _life, ProcFs.BootId);
        if (_begun)
        {
            Feed(new CopyEvent.Progressed(lineage, offset));
            return;
        }

        _begun = true;
        Feed(_found && (_promoted || _copy.Role != MemberRole.Primary) ? new CopyEvent.ProcessFound(lineage, offset) : new CopyEvent.ProcessStarted(lineage, offset));
    }

    private void Mark()
    {
        var (epoch, offset) = (_copy.Epoch, _status!.Offset);
        _nextMark = Now + SetTimes.Mark;
        // Refused while too few replicas follow, as clients' writes are; it is tried again. Our own mark moves the stream as well.
        _acts.Do(
            async (driver, ct) =>
            {
                await driver.MarkAsync(epoch, ct);
                offset = (await driver.StatusAsync(ct)).Offset;
            },
            () => _marked = offset,
            _ => { });
    }

    private void Feed(CopyEvent what)
    {
        var decision = CopyCare.Handle(_copy, what);
        if (decision.Persist is Persist.StateFirst)
        {
            try
            {
                _files.Write(decision.State);
            }
            catch (Exception full) when (full is IOException or UnauthorizedAccessException)
            {
                // What would be forgotten is not obeyed; the controller asks again.
                _world.Log.Warn($"{_seat.Space.Name}: an order is left undone because it cannot be kept in {_files.Directory}: {full.Message}");
                return;
            }

            _decided++;
        }

        if (decision.State.Role != _copy.Role || decision.State.Epoch != _copy.Epoch)
            _world.Log.Info($"{_seat.Space.Name}: {decision.State.Role} in epoch {decision.State.Epoch}{(decision.State.Trouble is { } why ? $": {why}" : "")}");
        _copy = decision.State;
        foreach (var effect in decision.Effects) CarryOut(effect);
    }

    /// <summary>In order: what is told to others after an act on the process is told when that is done.</summary>
    private void CarryOut(CopyEffect effect)
    {
        switch (effect)
        {
            case CopyEffect.MakePrimary make:
                var promoted = _process;
                Do((driver, ct) => driver.PromoteAsync(make.Epoch, ct), () =>
                {
                    // What counts as done because its process has ended makes no primary of the next one.
                    if (promoted != _process) return;
                    _promoted = true;
                    Remember(_life with { Exact = true, PrimaryOf = make.Epoch, Boot = ProcFs.BootId });
                });
                break;
            case CopyEffect.FollowPrimary follow:
                _promoted = false;
                if (Peer(follow.Primary) is { DataPort: > 0 } peer) Do((driver, ct) => driver.FollowAsync(peer.Address, peer.DataPort, ct), _gate.IsShut);
                break;
            case CopyEffect.Fence:
                _promoted = false;
                Do((driver, ct) => driver.FenceAsync(ct), _gate.IsShut);
                break;
            case CopyEffect.BeginLease begin:
                _acts.Do(null, () => Begin(begin), null);
                break;
            case CopyEffect.EndLease end:
                _acts.Do(null, () => End(end), null);
                break;
            case CopyEffect.Kill:
                _world.Kill(_copy.Trouble ?? "it does not answer");
                break;
            case CopyEffect.Tell tell:
                _acts.Do(null, () => Say(tell.Report), null);
                break;
        }
    }

    private void Do(Func<ISetDriver, CancellationToken, Task> act, Action done) => _acts.Do(act, done, why => Feed(new CopyEvent.ProcessHangs($"it does not obey: {why}")));

    private void Begin(CopyEffect.BeginLease begin)
    {
        if (_lease is { Over: false } && _lease.Epoch == begin.Epoch) Feed(new LeaseEvent.ElectorateChanged(begin.Electorate));
        else _lease = new WriteLease { Asker = _world.ServerId, Holder = _world.ServerId, Epoch = begin.Epoch, Electorate = begin.Electorate };
        Feed(new LeaseEvent.TimePassed());
    }

    private void End(CopyEffect.EndLease end)
    {
        if (_lease?.Epoch != end.Epoch) return;
        if (end.Return) Feed(new LeaseEvent.Ended());
        else _lease = null;
    }

    private void Feed(LeaseEvent what)
    {
        if (_lease is null) return;
        var decision = LeaseKeeping.Handle(_lease, what, SetTimes.Rules, Now);
        _lease = decision.State;
        foreach (var effect in decision.Effects)
        {
            switch (effect)
            {
                case LeaseEffect.Ask ask:
                    _ = AskVoterAsync(ask);
                    break;
                case LeaseEffect.StopWrites:
                    _promoted = false;
                    Do((driver, ct) => driver.FenceAsync(ct), _gate.IsShut);
                    break;
                case LeaseEffect.Return back:
                    var returns = new VoteAsk { SetId = _seat.SetId, Epoch = back.Epoch, Holder = back.Holder, Returns = true };
                    // After the fence: who hears this lets others write at once.
                    _acts.Do(null, () => _ = _world.Vote(back.Voter, returns, true), null);
                    break;
            }
        }
    }

    private async Task AskVoterAsync(LeaseEffect.Ask ask)
    {
        var answer = await _world.Vote(ask.Voter, new VoteAsk { SetId = _seat.SetId, Epoch = ask.Epoch, Holder = ask.Holder }, false);
        if (answer is null) return;
        Post(() => Feed(answer.Granted ? new LeaseEvent.Granted(ask.Voter, ask.Epoch, ask.AskedAt) : new LeaseEvent.Refused(ask.Voter, ask.Epoch, answer.Promised)));
    }

    private void Say(MemberReport report)
    {
        _nextSay = Now + SetTimes.Say;
        _world.Say(new SetWord { SetId = _seat.SetId, Vote = _voter.Word, Report = report with { Silence = _status?.Silence ?? TimeSpan.Zero } });
    }

    private SetPeer? Peer(string server) => _seat.Peers.FirstOrDefault(p => p.ServerId == server);

    private void Remember(CopyLife life)
    {
        _life = life;
        try
        {
            _files.Write(life);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // Forgotten after a crash it makes the copy claim less than it has, never more.
            _world.Log.Warn($"{_seat.Space.Name}: {_files.Directory} cannot be written: {full.Message}");
        }
    }
}
