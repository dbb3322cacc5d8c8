using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using OpenCluster.Agent.Connection;
using OpenCluster.Agent.Instances;
using OpenCluster.Agent.Sets.Redis;
using OpenCluster.Agent.Sets.Votes;
using OpenCluster.Agent.Trust;
using OpenCluster.Decisions;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Sets;

/// <summary>
/// All replicated sets in which this server has a seat: its votes, and its copies. Seats come with the assignment; processes of copies are
/// instances like any other, and what happens to them is passed on from here. Owned by the agent's loop, except where it says otherwise.
/// </summary>
internal sealed class SetRoom
{
    private readonly AgentOptions _options;
    private readonly string _directory;
    private readonly AgentIdentity? _identity;
    private readonly AgentLoop _loop;
    private readonly AgentLog _log;
    private readonly TimeProvider _time;
    private readonly SteadyClock _clock;
    private readonly CancellationToken _ending;
    private readonly SetOutbox _outbox;
    private readonly VoteListener? _listener;
    private readonly Func<string, InstanceKeeper?> _keeper;
    private readonly ConcurrentDictionary<string, Seat> _seats = new(StringComparer.Ordinal);
    private string _serverId;
    private bool _listens;

    public SetRoom(
        AgentOptions options, AgentDirectory directory, AgentIdentity? identity, IController controller, AgentLoop loop, AgentLog log, SteadyClock clock, TimeProvider time,
        Func<string, InstanceKeeper?> keeper, CancellationToken ending)
    {
        (_options, _directory, _identity, _loop, _log, _clock, _time, _keeper, _ending) = (options, directory.Sets, identity, loop, log, clock, time, keeper, ending);
        _serverId = options.ServerId;
        _outbox = new SetOutbox(options.ServerId, controller, time);
        _listener = identity is null ? null : new VoteListener(IPAddress.Parse(options.Address), directory.Root, identity.Credentials, Vote, log, time);
    }

    /// <summary>Where other agents ask for votes; 0 while nobody does.</summary>
    public int VotePort => _listener?.Port ?? 0;

    /// <summary>Delivers what seats say. Runs until cancelled.</summary>
    public Task SpeakAsync(CancellationToken ct) => _outbox.RunAsync(ct);

    /// <summary>The seat whose copy an instance is; null when it is none.</summary>
    public SetSeat? SeatOf(string? setId) => setId is not null && _seats.TryGetValue(setId, out var seat) ? seat.Now : null;

    /// <summary>A new assignment's seats. One that is gone leaves its files and its data.</summary>
    /// <param name="serverId">This server as sets know it; an agent that started before the first apply knew only its name.</param>
    public void Assign(string serverId, IEnumerable<SetSeat> assigned)
    {
        _serverId = serverId;
        var seats = assigned.ToDictionary(s => s.SetId, StringComparer.Ordinal);
        foreach (var gone in _seats.Keys.Where(id => !seats.ContainsKey(id)).ToList())
            if (_seats.TryRemove(gone, out var left)) left.Dispose();
        foreach (var seat in seats.Values) _loop.Guarded(() => Take(seat));
        if (_listens || seats.Count == 0 || _listener is null) return;
        _listens = true;
        _ = _loop.Lasting(_listener.RunAsync, _ending);
    }

    /// <summary>Passes on what has become of the copies' processes. Called after everything that happened in the agent's loop.</summary>
    public void Observe()
    {
        foreach (var seat in _seats.Values)
        {
            var runs = seat.Now.Instance is { } id ? _keeper(id)?.Running : null;
            if (runs?.Identity == seat.Seen) continue;
            if (seat.Seen is not null) seat.Copy?.Ended("its process ended");
            seat.Seen = runs?.Identity;
            if (runs is { } running) seat.Copy?.Runs(running.Identity, running.Found);
        }
    }

    /// <summary>What the controller asks. From any thread.</summary>
    public void Order(SetOrder order)
    {
        if (!_seats.TryGetValue(order.SetId, out var seat)) return;
        if (order.Kind is not SetOrderKind.AskPromise) seat.Copy?.Order(order);
        else if (seat.Voter.Promise(order.Epoch) is { } promise) _outbox.Say(new SetWord { SetId = order.SetId, Promise = promise });
    }

    private VoteAnswer? Vote(VoteAsk ask) => _seats.TryGetValue(ask.SetId, out var seat) ? seat.Voter.Answer(ask) : null;

    private void Take(SetSeat now)
    {
        if (_seats.TryGetValue(now.SetId, out var known) && known.Copy is null == (now.Instance is null))
        {
            known.Use(now);
            return;
        }

        // A witness that gets a copy, or the other way round, is a new seat with the same vote.
        if (_seats.TryRemove(now.SetId, out var before)) before.Dispose();
        var directory = Path.Combine(_directory, AgentDirectory.Name(now.SetId));
        Directory.CreateDirectory(directory, AgentDirectory.Private);
        try
        {
            _seats[now.SetId] = new Seat(this, now, directory);
        }
        catch (JsonException damaged)
        {
            _log.Warn($"the seat in {now.Space.Name} is not taken: what it promised cannot be read ({damaged.Message}). Remove {directory} only if this server's copy may be lost and filled anew.");
        }
    }

    /// <summary>One seat: a vote, and a copy unless it is a witness's.</summary>
    private sealed class Seat : IDisposable
    {
        private readonly SetRoom _room;
        private readonly CancellationTokenSource _leaving;
        private readonly ConcurrentDictionary<string, VoteLine> _lines = new(StringComparer.Ordinal);
        private SetSeat _now;

        public Seat(SetRoom room, SetSeat now, string directory)
        {
            (_room, _now) = (room, now);
            _leaving = CancellationTokenSource.CreateLinkedTokenSource(room._ending);
            Voter = new VoterSeat(directory, room._clock);
            if (now.Instance is null)
            {
                _ = room._loop.Lasting(WitnessAsync, _leaving.Token);
                return;
            }

            Copy = new CopySeat(now, new SeatFiles(directory), Voter, World());
            _ = room._loop.Lasting(Copy.RunAsync, _leaving.Token);
        }

        public SetSeat Now => Volatile.Read(ref _now);
        public VoterSeat Voter { get; }
        public CopySeat? Copy { get; }

        /// <summary>The process that the copy was last told of.</summary>
        public Processes.ProcessIdentity? Seen { get; set; }

        public void Use(SetSeat seat)
        {
            // What the next assignment does not say again (the passwords of a controller that was away) stays.
            Volatile.Write(ref _now, seat.Passwords is null ? seat with { Passwords = _now.Passwords } : seat);
            Copy?.Use(Now);
        }

        public void Dispose()
        {
            _leaving.Cancel();
            foreach (var line in _lines.Values) line.Dispose();
        }

        private SeatWorld World() => new()
        {
            ServerId = _room._serverId,
            Clock = _room._clock,
            Time = _room._time,
            Log = _room._log,
            Say = _room._outbox.Say,
            Driver = seat => new RedisDriver(new IPEndPoint(IPAddress.Parse(_room._options.Address), seat.Space.Port), seat.Passwords!, seat.Space.Replicas, seat.Space.MemoryBytes ?? 0),
            Vote = AskAsync,
            Kill = why => _ = _room._loop.PostAsync(() => Kill(why)).AsTask(),
        };

        private void Kill(string why)
        {
            if (Now.Instance is { } id) _room._keeper(id)?.KillBecause(new Failure("ended-by-agent", why));
        }

        private async Task<VoteAnswer?> AskAsync(string voter, VoteAsk ask, bool insist)
        {
            if (voter == _room._serverId) return Voter.Answer(ask);
            if (Now.Peers.FirstOrDefault(p => p.ServerId == voter) is not { VotePort: > 0 } peer || _room._identity is not { } identity) return null;
            var line = _lines.AddOrUpdate(voter, _ => new VoteLine(peer, identity.Credentials, _room._time), (_, old) => old.Peer == peer ? old : new VoteLine(peer, identity.Credentials, _room._time));
            try
            {
                return await line.AskAsync(ask, insist, _leaving.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }

        private async Task WitnessAsync(CancellationToken ct)
        {
            using var timer = new PeriodicTimer(SetTimes.Say, _room._time);
            while (await timer.WaitForNextTickAsync(ct)) _room._outbox.Say(new SetWord { SetId = Now.SetId, Vote = Voter.Word });
        }
    }
}
