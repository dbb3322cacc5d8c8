using System.Collections.Immutable;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.Peers;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// Keeps what is served in step with what is registered, and what is registered on disk. One loop: woken by a change, by the end of a lease,
/// and once a second; changes that come together are one step.
/// </summary>
internal sealed class Registrar : IAsyncDisposable
{
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Balancer _balancer;
    private readonly LeaseFile _file;
    private readonly Action<string> _note;
    private readonly TimeKeeper _keeper;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _keeping;
    private TaskCompletionSource _wanted = Signal();
    private TaskCompletionSource _written = Signal();
    private ImmutableArray<Model.Balancing.Registration> _served = [];
    private ImmutableArray<Model.Balancing.Registration> _compared = [];
    private ImmutableArray<ClaimConflict> _conflicts = [];
    private DateTimeOffset _wroteAt;
    private bool _renewed;
    private bool _isUnwritable;

    public Registrar(Balancer balancer, string self, string directory, Action<string> note)
    {
        _balancer = balancer;
        _keeper = balancer.Keeper;
        _note = note;
        _file = new LeaseFile(directory);
        var kept = _file.Read(out var problem);
        if (problem is not null) note(problem);
        Store = new LeaseStore(self, () => _keeper.Now, kept);
        Store.Changed += isNew =>
        {
            if (isNew) Volatile.Read(ref _wanted).TrySetResult();
            else Volatile.Write(ref _renewed, true);
        };
        balancer.Registered = Served;
        _keeping = Task.Run(KeepAsync);
    }

    /// <summary>Called in each round, before leases are trimmed.</summary>
    public Func<Task>? Look { get; set; }

    /// <summary>Balancers that leases are talked about with; others are forgotten.</summary>
    public Func<IReadOnlySet<string>> Peers { get; set; } = static () => new HashSet<string>();

    public LeaseStore Store { get; }

    /// <summary>Paths that two apps claim, as last looked at.</summary>
    public ImmutableArray<ClaimConflict> Conflicts => _conflicts;

    /// <summary>Completes when what is registered now is served, and on disk as far as there is one to write to.</summary>
    public Task SettledAsync(CancellationToken ct)
    {
        var written = Volatile.Read(ref _written);
        Volatile.Read(ref _wanted).TrySetResult();
        return written.Task.WaitAsync(ct);
    }

    /// <summary>What another process registered in this directory until it handed over.</summary>
    public void Reread()
    {
        foreach (var lease in _file.Read(out _)) Store.Decide((book, _) => new RegistrarAnswer(book, book.With(lease) is var next && !ReferenceEquals(next, book) ? lease : null, null));
    }

    /// <param name="handedOver">The directory is another process's now: nothing more is written to it.</param>
    public async Task EndAsync(bool handedOver)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!handedOver) Write();
    }

    public ValueTask DisposeAsync()
    {
        _stop.Cancel();
        _stop.Dispose();
        return default;
    }

    /// <summary>Asked by the balancer, one call at a time, whenever it puts a snapshot to use: what it serves with it is known here then.</summary>
    private BalancerSnapshot Served(BalancerSnapshot snapshot)
    {
        _served = Store.Live;
        return Brokered.Into(RegisteredTargets.Into(snapshot, _served), _served);
    }

    private async Task KeepAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var now = _keeper.Now;
            var wait = Store.Book.NextEnd(now) is { } end && end - now < LookEvery ? end - now : LookEvery;
            await _wanted.Task.WaitAsync(wait < Together ? Together : wait, _keeper.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var isWanted = _wanted.Task.IsCompleted;
            // Who waits from here on waits for the next round; who waited until here is served by this one.
            var written = Interlocked.Exchange(ref _written, Signal());
            if (isWanted) Interlocked.Exchange(ref _wanted, Signal());
            try
            {
                if (Look is not null) await Look().ConfigureAwait(false);
                var targets = _balancer.Targets.Slots.Select(PeerSet.KeyOf).ToHashSet(StringComparer.Ordinal);
                Store.Trim(targets.Contains, Peers());
                Serve();
                if (isWanted || (_renewed && _keeper.Now - _wroteAt >= LeaseFile.RenewalsEvery)) Write();
            }
            catch (Exception unforeseen)
            {
                // The next change may be better; without this loop nobody would be registered any more.
                _note($"registrations could not be put to use: {unforeseen}");
            }
            written.TrySetResult();
        }
    }

    private void Serve()
    {
        var live = Store.Live;
        if (!AreSame(live, _served)) _balancer.Refresh();
        if (AreSame(live, _compared)) return;
        _compared = live;
        var before = _conflicts.Select(c => (c.Claim, c.Loser.Id)).ToHashSet();
        _conflicts = [.. new ClaimTable(live).Conflicts()];
        foreach (var conflict in _conflicts)
            if (!before.Contains((conflict.Claim, conflict.Loser.Id))) _note(conflict.InWords);
    }

    private static bool AreSame(ImmutableArray<Model.Balancing.Registration> one, ImmutableArray<Model.Balancing.Registration> other) =>
        one.Length == other.Length && one.Zip(other, (a, b) => a.Secret == b.Secret && a.Id == b.Id).All(same => same);

    private void Write()
    {
        _renewed = false;
        _wroteAt = _keeper.Now;
        try
        {
            _file.Write(Store.Book.Leases.Values);
            _isUnwritable = false;
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            if (!_isUnwritable) _note($"{_file.Path} cannot be written ({unwritable.Message}); registrations live in memory and with peers alone");
            _isUnwritable = true;
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
