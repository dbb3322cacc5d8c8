using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Instances;

public sealed class InstanceCareTests
{
    [Fact]
    public void Order_to_run_persists_the_intent_before_it_starts()
    {
        var bench = new Bench().Order();
        Assert.Equal([new CareEffect.Start(1)], bench.Effects);
        Assert.Equal(Persist.StateFirst, bench.Persisted);
        Assert.Equal(1, bench.State.Current!.Run);
    }

    [Fact]
    public void Release_is_fetched_before_the_first_start()
    {
        var bench = new Bench(Bench.Web with { Fetches = true }).Order();
        Assert.Equal([new CareEffect.Fetch()], bench.Effects);
        Assert.Equal(InstancePhase.Fetching, bench.State.Phase);
        bench.Tell(new CareEvent.Fetched());
        Assert.Equal([new CareEffect.Start(1)], bench.Effects);
    }

    [Fact]
    public void Fetch_that_cannot_help_to_repeat_fails_for_good_and_the_other_is_tried_again()
    {
        var rules = Bench.Web with { Fetches = true };
        var damaged = new Bench(rules).Order().Tell(new CareEvent.FetchFailed(new Failure("bad-archive", "damaged"), Lasting: true));
        Assert.Equal(InstancePhase.Failed, damaged.State.Phase);
        Assert.Null(damaged.State.Wake);

        var away = new Bench(rules).Order().Tell(new CareEvent.FetchFailed(new Failure("fetch-failed", "no controller"), Lasting: false));
        Assert.Equal(InstancePhase.BackingOff, away.State.Phase);
        away.Wait(0.2);
        Assert.Equal([new CareEffect.Fetch()], away.Effects);
    }

    [Fact]
    public void Process_is_not_ready_before_its_check_succeeded()
    {
        var bench = new Bench().Order().Started();
        Assert.Equal(InstancePhase.Checking, bench.State.Phase);
        bench.Wait(0.01);
        Assert.Equal([new CareEffect.Check(1)], bench.Effects);
        bench.Bad();
        Assert.Equal(InstancePhase.Checking, bench.State.Phase);
        bench.Good();
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
    }

    [Fact]
    public void Death_before_listening_names_the_code_the_time_and_the_port()
    {
        var bench = new Bench().Order().Started();
        var started = bench.Now;
        while (bench.Now < started.AddSeconds(0.2)) bench.Wait(0.1).Bad(listened: false);
        bench.Dies();
        Assert.Equal("exited", bench.State.Failure!.Code);
        Assert.Matches(@"^exited with code 1 after 0\.\d s, before it listened on port 8080$", bench.State.Failure.Reason);
    }

    [Fact]
    public void Instance_that_starts_is_asked_often_at_first_and_then_every_tenth_of_a_second()
    {
        var bench = new Bench().Order().Started();
        var asked = new List<DateTimeOffset>();
        while (asked.Count < 40)
        {
            bench.Wait(1);
            asked.Add(bench.Now);
            bench.Bad(listened: false);
        }

        var waits = asked.Zip(asked.Skip(1), (a, b) => b - a).ToList();
        Assert.Equal(CareRules.EagerLeast, waits[0]);
        Assert.Equal(CareRules.EagerMost, waits[^1]);
        Assert.Equal(waits.Order(), waits);
    }

    [Fact]
    public void Instance_that_never_listens_is_stopped_and_fails_with_that_reason()
    {
        var bench = new Bench().Order().Started();
        for (var i = 0; i < 400 && bench.State.Phase is InstancePhase.Checking; i++)
        {
            bench.Wait(0.1);
            if (bench.Effects.Contains(new CareEffect.Check(1))) bench.Bad(listened: false);
        }
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
        Assert.Equal(InstancePhase.Stopping, bench.State.Phase);
        bench.Dies(code: 0);
        Assert.Equal(InstancePhase.Failed, bench.State.Phase);
        Assert.Equal("never-listened", bench.State.Failure!.Code);
    }

    [Fact]
    public void First_start_is_tried_five_times_and_a_proven_one_for_ever()
    {
        var broken = new Bench().Order();
        for (var run = 1; run <= 5; run++) broken.Started(run).Dies(run).Wait(5);
        Assert.Equal(InstancePhase.Failed, broken.State.Phase);
        Assert.Equal(5, broken.State.Run);

        var proven = new Bench().Ready();
        for (var run = 1; run <= 50; run++) proven.Dies(run).Wait(31).Started(run + 1);
        Assert.Equal(InstancePhase.Checking, proven.State.Phase);
    }

    [Fact]
    public void Back_off_doubles_up_to_its_most_and_is_forgotten_after_a_good_while()
    {
        var bench = new Bench().Ready();
        var waits = new List<double>();
        for (var run = 1; run <= 11; run++)
        {
            bench.Dies(run);
            waits.Add((bench.State.Deadline!.Value - bench.Now).TotalSeconds);
            bench.Wait(waits[^1]).Started(run + 1).Good(run + 1);
        }
        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30], waits.Select(w => Math.Round(w, 3)));

        for (var i = 0; i < 61; i++) bench.Wait(1).Good(12);
        bench.Dies(12);
        Assert.Equal(TimeSpan.FromMilliseconds(100), bench.State.Deadline - bench.Now);
    }

    [Fact]
    public void Unhealthy_instance_may_recover_and_is_restarted_when_it_does_not()
    {
        var bench = new Bench().Ready().Bad().Bad();
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        bench.Bad();
        Assert.Equal(InstancePhase.Unhealthy, bench.State.Phase);
        Assert.Equal("check-failed", bench.State.Failure!.Code);
        bench.Good();
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        for (var i = 0; i < 6; i++) bench.Bad();
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
        bench.Dies(code: 0);
        Assert.Equal(InstancePhase.BackingOff, bench.State.Phase);
        Assert.Equal("check-failed", bench.State.Failure!.Code);
    }

    [Fact]
    public void Drain_waits_then_asks_then_kills_and_nothing_starts_again()
    {
        var bench = new Bench().Ready().Order(Wanted.Drain);
        Assert.Equal(InstancePhase.Draining, bench.State.Phase);
        Assert.Empty(bench.Effects);
        bench.Wait(10);
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
        bench.Wait(10);
        Assert.Equal([new CareEffect.Kill(1)], bench.Effects);
        bench.Tell(new CareEvent.Exited(1, 137, 9));
        Assert.Equal(InstancePhase.Stopped, bench.State.Phase);
        Assert.Null(bench.State.Wake);
    }

    [Fact]
    public void Stop_ends_a_drain_at_once()
    {
        var bench = new Bench().Ready().Order(Wanted.Drain).Order(Wanted.Stop);
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
    }

    [Fact]
    public void Instance_called_back_from_its_drain_is_checked_and_not_restarted()
    {
        var bench = new Bench().Ready().Order(Wanted.Drain).Order(Wanted.Run).Good();
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        Assert.Equal(1, bench.State.Run);
    }

    [Fact]
    public void Instance_wanted_again_while_it_stops_starts_when_the_old_process_has_gone()
    {
        var bench = new Bench().Ready().Order(Wanted.Stop).Order(Wanted.Run);
        Assert.Empty(bench.Effects);
        bench.Dies(code: 0);
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
    }

    [Fact]
    public void Held_order_fetches_and_waits_for_its_activation()
    {
        var bench = new Bench(Bench.Web with { Fetches = true }).Order(Wanted.Held).Tell(new CareEvent.Fetched());
        Assert.Equal(InstancePhase.Held, bench.State.Phase);
        Assert.Empty(bench.Effects);
        bench.Order(Wanted.Run);
        Assert.Equal([new CareEffect.Start(1)], bench.Effects);
    }

    [Fact]
    public void Instance_held_by_hand_stays_down_after_its_death_until_let_go()
    {
        var bench = new Bench().Ready().Tell(new CareEvent.HoldAsked(true));
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        bench.Dies().Wait(100);
        Assert.Equal(InstancePhase.Held, bench.State.Phase);
        bench.Tell(new CareEvent.HoldAsked(false));
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
    }

    [Fact]
    public void Restart_by_hand_stops_first_and_waits_for_no_back_off()
    {
        var bench = new Bench().Ready().Tell(new CareEvent.RestartAsked(false));
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
        bench.Dies(code: 0);
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
    }

    [Fact]
    public void Hand_over_starts_the_new_next_to_the_old_and_stays_ready()
    {
        var bench = new Bench(Bench.Web with { HandsOver = true }).Ready().Tell(new CareEvent.RestartAsked(true));
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        bench.Started(2).Dies(1, code: 0);
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        Assert.Equal(2, bench.State.Current!.Run);
        Assert.Null(bench.State.Successor);
    }

    [Fact]
    public void Failed_hand_over_leaves_the_old_process_serving()
    {
        var bench = new Bench(Bench.Web with { HandsOver = true }).Ready().Tell(new CareEvent.RestartAsked(true)).Started(2).Dies(2);
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        Assert.Equal(1, bench.State.Current!.Run);
        Assert.Equal("hand-over-failed", bench.State.Failure!.Code);
    }

    [Fact]
    public void Old_process_that_does_not_leave_is_asked_and_then_killed()
    {
        var bench = new Bench(Bench.Web with { HandsOver = true, Check = null }).Order().Started();
        bench.Wait(1).Tell(new CareEvent.RestartAsked(true)).Started(2).Wait(60);
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
        bench.Wait(60);
        Assert.Equal([new CareEffect.Kill(1)], bench.Effects);
    }

    [Fact]
    public void Stop_in_a_hand_over_stops_both()
    {
        var bench = new Bench(Bench.Web with { HandsOver = true }).Ready().Tell(new CareEvent.RestartAsked(true)).Started(2).Order(Wanted.Stop);
        Assert.Equal([new CareEffect.Terminate(1), new CareEffect.Terminate(2)], bench.Effects);
        bench.Dies(1, 0);
        Assert.Equal(InstancePhase.Stopping, bench.State.Phase);
        bench.Dies(2, 0);
        Assert.Equal(InstancePhase.Stopped, bench.State.Phase);
    }

    [Fact]
    public void Living_process_is_adopted_after_an_agent_restart_and_nothing_starts()
    {
        var bench = new Bench().Ready().Tell(new CareEvent.Recovered([1], Rebooted: false));
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        Assert.Empty(bench.Effects);
        bench.Wait(0);
        Assert.Equal([new CareEffect.Check(1)], bench.Effects);
    }

    [Fact]
    public void Process_that_died_while_the_agent_was_away_is_started_after_a_back_off()
    {
        var bench = new Bench().Ready().Tell(new CareEvent.Recovered([], Rebooted: false));
        Assert.Equal(InstancePhase.BackingOff, bench.State.Phase);
        Assert.StartsWith("ended while the agent was away", bench.State.Failure!.Reason, StringComparison.Ordinal);
        bench.Wait(0.1);
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
    }

    [Fact]
    public void Restart_of_the_machine_is_nobodys_failure()
    {
        var bench = new Bench().Ready().Tell(new CareEvent.Recovered([], Rebooted: true));
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
        Assert.Null(bench.State.Failure);
    }

    [Fact]
    public void Stop_goes_on_after_an_agent_restart()
    {
        var bench = new Bench().Ready().Order(Wanted.Stop).Tell(new CareEvent.Recovered([1], Rebooted: false));
        Assert.Equal([new CareEffect.Terminate(1)], bench.Effects);
        bench.Wait(10);
        Assert.Equal([new CareEffect.Kill(1)], bench.Effects);
    }

    [Fact]
    public void Start_that_the_agent_died_in_before_any_process_came_to_be_is_done_again()
    {
        var bench = new Bench().Order().Tell(new CareEvent.Recovered([], Rebooted: false));
        Assert.Equal([new CareEffect.Start(2)], bench.Effects);
    }

    [Fact]
    public void Script_runs_once_and_its_exit_code_is_the_result()
    {
        var rules = Bench.Web with { Once = true, Check = null };
        var good = new Bench(rules).Order().Started().Wait(3600).Dies(code: 0).Wait(3600);
        Assert.Equal(InstancePhase.Stopped, good.State.Phase);
        Assert.Null(good.State.Failure);
        good.Order().Tell(new CareEvent.Recovered([], false));
        Assert.Equal(1, good.State.Run);

        var bad = new Bench(rules).Order().Started().Dies(code: 3);
        Assert.Equal(InstancePhase.Failed, bad.State.Phase);
        Assert.Equal("script-failed", bad.State.Failure!.Code);
    }

    [Fact]
    public void Script_whose_end_nobody_saw_is_not_repeated()
    {
        var bench = new Bench(Bench.Web with { Once = true, Check = null }).Order().Started().Tell(new CareEvent.Recovered([], Rebooted: true));
        Assert.Equal(InstancePhase.Failed, bench.State.Phase);
        Assert.Equal("outcome-unknown", bench.State.Failure!.Code);
    }

    [Fact]
    public void Process_that_cannot_be_asked_is_ready_when_it_has_lived_a_second()
    {
        var bench = new Bench(Bench.Web with { Check = null }).Order().Started();
        Assert.Equal(InstancePhase.Checking, bench.State.Phase);
        bench.Wait(1);
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
    }

    [Fact]
    public void News_of_an_earlier_process_is_ignored()
    {
        var bench = new Bench().Ready().Dies().Wait(0.1).Started(2).Good(2);
        bench.Dies(1).Bad(1);
        Assert.Equal(InstancePhase.Ready, bench.State.Phase);
        Assert.Equal(0, bench.State.Failures);
    }
}
