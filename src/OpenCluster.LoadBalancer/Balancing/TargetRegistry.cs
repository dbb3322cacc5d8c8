using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tls;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>All targets this process knows, kept across snapshots, each with a loop that checks it.</summary>
internal sealed class TargetRegistry(TimeKeeper keeper, TlsStore tls) : IAsyncDisposable
{
    private readonly Dictionary<TargetKey, Watched> _watched = [];
    private readonly Lock _watchedGate = new();

    /// <summary>Raised when a target starts or stops serving.</summary>
    public event Action<TargetSlot, TargetEffect.Changed>? Changed;

    /// <summary>Who else checks targets; null while nobody does.</summary>
    public ICheckSharing? Sharing { get; set; }

    /// <summary>How to reach a target that opened connections to us, by its registration.</summary>
    public Func<string, TargetConnector>? Reverse { get; set; }

    public ImmutableArray<TargetSlot> Slots
    {
        get
        {
            lock (_watchedGate) return [.. _watched.Values.Select(w => w.Slot)];
        }
    }

    /// <summary>The slot of a target, new and unknown when it was not there before. Its checks begin at once.</summary>
    public TargetSlot Get(Target target, HealthCheck? check, TargetPath path)
    {
        var key = TargetKey.Of(target, path);
        lock (_watchedGate)
        {
            if (!_watched.TryGetValue(key, out var watched))
            {
                var at = new IPEndPoint(IPAddress.Parse(target.Address), target.Port);
                watched = new Watched(new TargetSlot(key, Connector(target, at, path), at, keeper), this, keeper.Time);
                watched.Slot.Changed += (slot, changed) => Changed?.Invoke(slot, changed);
                _watched.Add(key, watched);
            }
            watched.Use(target.Check ?? check);
            return watched.Slot;
        }
    }

    private TargetConnector Connector(Target target, IPEndPoint at, TargetPath path)
    {
        // Over connections that an app opened to us HTTP/1.1 is spoken, whatever the route says.
        if (target.Reverse is { } app && Reverse is not null) return Reverse(app);
        if (path.IsUdp) return new DatagramConnector();
        TargetConnector connector = path.Tls is { } rule
            ? new TlsConnector(at, rule, rule.Verify ? tls.AuthoritiesAt(TlsStore.AuthoritiesOf(rule)) : null, path.IsOpaque ? [] : [path.IsHttp2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11])
            : new SocketConnector(at);
        return path.IsHttp2 ? new Http2Connector(connector, path.Tls is not null, keeper) : connector;
    }

    /// <summary>Forgets targets that are in no route any more, and closes their idle connections.</summary>
    public void Keep(IReadOnlySet<TargetSlot> used)
    {
        List<Watched> gone;
        lock (_watchedGate)
        {
            gone = [.. _watched.Values.Where(w => !used.Contains(w.Slot))];
            foreach (var watched in gone) _watched.Remove(watched.Slot.Key);
        }
        foreach (var watched in gone) watched.Dispose();
    }

    /// <summary>Ends ejections that are over.</summary>
    public void Tick()
    {
        foreach (var slot in Slots)
            if (slot.Health.Wake is { } wake && wake <= keeper.Now) slot.Tell(TargetEvent.TimePassed.Instance);
    }

    /// <summary>Waits, at most as long as given, until every target has been checked once.</summary>
    public async Task FirstChecksAsync(TimeSpan limit, CancellationToken ct)
    {
        Task[] first;
        lock (_watchedGate) first = [.. _watched.Values.Select(w => w.FirstCheck)];
        await Task.WhenAll(first).WaitAsync(limit, keeper.Time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public ValueTask DisposeAsync()
    {
        Keep(ImmutableHashSet<TargetSlot>.Empty);
        return default;
    }

    /// <summary>A slot and the loop that checks it.</summary>
    private sealed class Watched : IDisposable
    {
        // A target that is not up is asked more often, whatever its own interval: coming back late costs waiting customers.
        private static readonly TimeSpan WhileNotUp = TimeSpan.FromMilliseconds(250);

        private readonly CancellationTokenSource _stop = new();
        private readonly TargetRegistry _registry;
        private readonly TimeProvider _time;
        private readonly TaskCompletionSource _checked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private HealthCheck? _check;
        private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationToken _stopped;
        private bool _started;

        public Watched(TargetSlot slot, TargetRegistry registry, TimeProvider time)
        {
            Slot = slot;
            _registry = registry;
            _time = time;
            _stopped = _stop.Token;
            slot.CheckWanted += () => Volatile.Read(ref _wanted).TrySetResult();
        }

        public TargetSlot Slot { get; }

        public Task FirstCheck => _checked.Task;

        public void Use(HealthCheck? check)
        {
            Volatile.Write(ref _check, check);
            Slot.Use(TargetRules.For(check));
            if (_started) return;
            _started = true;
            _ = Task.Run(CheckAsync);
        }

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
            _checked.TrySetResult();
            Slot.Idle.CloseAll();
        }

        private async Task CheckAsync()
        {
            while (!_stopped.IsCancellationRequested)
            {
                var check = Volatile.Read(ref _check);
                var isWanted = _wanted.Task.IsCompleted;
                Volatile.Write(ref _wanted, new(TaskCreationOptions.RunContinuationsAsynchronously));
                try
                {
                    if (!isWanted && _registry.Sharing is { } sharing && sharing.IsAnothers(Slot))
                    {
                        _checked.TrySetResult();
                        await PauseAsync(check?.Every ?? TimeSpan.FromSeconds(1)).ConfigureAwait(false);
                        continue;
                    }
                    if (await TargetCheck.AskAsync(Slot, check, _time, _stopped).ConfigureAwait(false) is { } told) Slot.Tell(told);
                    _checked.TrySetResult();
                    _registry.Sharing?.Checked(Slot);
                    await PauseAsync(check?.Every ?? TimeSpan.FromSeconds(1)).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception unforeseen)
                {
                    // A target whose checks have ended would stay down, or up, for ever.
                    Slot.Tell(new TargetEvent.CheckFailed($"check of {Slot.EndPoint} could not be made: {unforeseen.Message}", Refused: false));
                    _checked.TrySetResult();
                    await PauseAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
                }
            }
        }

        private async Task PauseAsync(TimeSpan every)
        {
            if (Slot.Health.State is TargetState.Down or TargetState.Unknown && every > WhileNotUp) every = WhileNotUp;
            // A tenth of jitter, so that the checks of many targets do not fall together.
            var pause = every * (0.95 + Random.Shared.NextDouble() / 10);
            await _wanted.Task.WaitAsync(pause, _time, _stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
