using System.Collections.Concurrent;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Sets;
using OpenCluster.Agent.Sets.Votes;
using OpenCluster.Decisions;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Sets;

/// <summary>A copy's seat over a process that does what it is told, or does not, and voters that grant, or do not.</summary>
public sealed class CopySeatTests : IAsyncLifetime
{
    private static readonly ProcessIdentity Process = new(1234, 5, "boot");

    private readonly string _directory = Directory.CreateTempSubdirectory("opencluster-seat-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly RecordingDriver _driver = new();
    private readonly ConcurrentQueue<SetWord> _said = new();
    private readonly ConcurrentQueue<string> _killed = new();
    private CopySeat _seat = null!;
    private Task _running = null!;
    private volatile bool _votersGrant = true;

    public ValueTask InitializeAsync()
    {
        Begin();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_primary_takes_writes_only_once_most_voters_have_granted_its_lease()
    {
        _votersGrant = false;
        await PromoteAsync();
        await SaysAsync(r => r.Role == MemberRole.Primary);
        Assert.DoesNotContain("admit", _driver.Done);

        _votersGrant = true;
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.Contains("admit")));
    }

    [Fact]
    public async Task A_primary_that_loses_its_voters_is_shut_and_opened_again_when_they_come_back()
    {
        await PromoteAsync();
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.LastOrDefault() == "admit"));

        _votersGrant = false;
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.LastOrDefault() == "fence"));
        Assert.Empty(_killed);
        _votersGrant = true;
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.LastOrDefault() == "admit"));
    }

    [Fact]
    public async Task A_process_that_cannot_be_shut_before_its_lease_ends_is_killed()
    {
        await PromoteAsync();
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.Contains("admit")));

        _driver.FenceHangs = true;
        _votersGrant = false;
        await Until.HoldsAsync(() => Task.FromResult(!_killed.IsEmpty));
        await SaysAsync(r => r.Role == MemberRole.Ended);
    }

    [Fact]
    public async Task A_primary_whose_process_ended_says_so_at_once_and_is_never_primary_again_in_its_epoch()
    {
        await PromoteAsync();
        await SaysAsync(r => r.Role == MemberRole.Primary);

        _seat.Ended("its process ended");
        await SaysAsync(r => r.Role == MemberRole.Ended);
        _seat.Runs(Process with { Pid = 1235 }, found: false);
        _seat.Order(new SetOrder { SetId = "spc-1", Kind = SetOrderKind.Promote, Epoch = 1, Version = 1, Voters = ["srv-1", "srv-2", "srv-3"], MayBeEmpty = true });
        await Until.HoldsAsync(() =>
        {
            // As a controller does that has no answer yet: a process that has only just begun gives none.
            _seat.Order(new SetOrder { SetId = "spc-1", Kind = SetOrderKind.AskReport, Epoch = 2 });
            return Task.FromResult(_said.Any(w => w.Report is { Answers: 2 }));
        });

        Assert.Equal(1, _driver.Done.Count(d => d == "promote 1"));
    }

    [Fact]
    public async Task An_agent_that_comes_back_to_its_primary_goes_on_with_it()
    {
        await PromoteAsync();
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.Contains("admit")));
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _said.Clear();
        _driver.Done.Clear();

        using var again = new CancellationTokenSource();
        Begin(again.Token);
        _seat.Runs(Process, found: true);
        await SaysAsync(r => r is { Role: MemberRole.Primary, Epoch: 1 });
        await Until.HoldsAsync(() => Task.FromResult(_driver.Done.LastOrDefault() == "admit"));
        await again.CancelAsync();

        Assert.DoesNotContain("fence", _driver.Done);
    }

    [Fact]
    public async Task An_empty_copy_is_not_promoted_where_data_exists()
    {
        _seat.Runs(Process, found: false);
        await SaysAsync(r => r.Role == MemberRole.Fenced);
        _seat.Order(new SetOrder { SetId = "spc-1", Kind = SetOrderKind.Promote, Epoch = 4, Version = 1, Voters = ["srv-1", "srv-2", "srv-3"] });

        await SaysAsync(r => r.Trouble is not null && r.Trouble.Contains("empty", StringComparison.Ordinal));
        Assert.DoesNotContain("promote 4", _driver.Done);
    }

    private void Begin(CancellationToken? until = null)
    {
        var clock = new SteadyClock(TimeProvider.System);
        var seat = new SetSeat { SetId = "spc-1", Space = new DataSpace { Name = "orders" }, Peers = [.. Enumerable.Range(1, 3).Select(i => new SetPeer($"srv-{i}", $"127.0.0.{i}", 1, 6379))] };
        _seat = new CopySeat(seat, new SeatFiles(_directory), new VoterSeat(_directory, clock), new SeatWorld
        {
            ServerId = "srv-1",
            Clock = clock,
            Time = TimeProvider.System,
            Log = new AgentLog(TextWriter.Null, TimeProvider.System),
            Say = _said.Enqueue,
            Driver = _ => _driver,
            Vote = (_, _, _) => Task.FromResult(_votersGrant ? new VoteAnswer(true, 0) : null),
            Kill = _killed.Enqueue,
        });
        _running = _seat.RunAsync(until ?? _stop.Token);
    }

    private async Task PromoteAsync()
    {
        _seat.Runs(Process, found: false);
        await SaysAsync(r => r.Role == MemberRole.Fenced);
        _seat.Order(new SetOrder { SetId = "spc-1", Kind = SetOrderKind.Promote, Epoch = 1, Version = 1, Voters = ["srv-1", "srv-2", "srv-3"], MayBeEmpty = true });
    }

    private Task SaysAsync(Func<MemberReport, bool> what) => Until.HoldsAsync(() => Task.FromResult(_said.Any(w => w.Report is { } report && what(report))));

    /// <summary>A process that does all it is told at once, and remembers it.</summary>
    private sealed class RecordingDriver : ISetDriver
    {
        private long _epoch;

        public ConcurrentQueue<string> Done { get; } = new();
        public volatile bool FenceHangs;

        public Task<DriverStatus> StatusAsync(CancellationToken ct) =>
            Task.FromResult(new DriverStatus(false, true, null, false, false, 10, TimeSpan.Zero, Interlocked.Read(ref _epoch), 10));

        public Task PromoteAsync(long epoch, CancellationToken ct)
        {
            Interlocked.Exchange(ref _epoch, epoch);
            Done.Enqueue($"promote {epoch}");
            return Task.CompletedTask;
        }

        public Task FollowAsync(string address, int port, CancellationToken ct)
        {
            Done.Enqueue($"follow {address}:{port}");
            return Task.CompletedTask;
        }

        public async Task FenceAsync(CancellationToken ct)
        {
            if (FenceHangs) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            Done.Enqueue("fence");
        }

        public Task AdmitAsync(CancellationToken ct)
        {
            Done.Enqueue("admit");
            return Task.CompletedTask;
        }

        public Task MarkAsync(long epoch, CancellationToken ct) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
