using OpenCluster.Decisions.Targets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Tests.Targets;

public sealed class TargetHealthTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TargetRules Rules = new() { Rise = 2, Fall = 3 };
    private static readonly TargetEvent Lost = new TargetEvent.RequestFailed("connection lost", Refused: false);
    private static readonly TargetEvent Refused = new TargetEvent.RequestFailed("connection refused", Refused: true);
    private static readonly TargetEvent CheckLost = new TargetEvent.CheckFailed("no answer", Refused: false);

    [Fact]
    public void Target_is_unknown_until_enough_checks_passed()
    {
        var health = TargetHealth.Unseen.Handle(TargetEvent.CheckPassed.Instance, Rules, Start).State;
        Assert.Equal(TargetState.Unknown, health.State);
        var decision = health.Handle(TargetEvent.CheckPassed.Instance, Rules, Start);
        Assert.Equal(TargetState.Up, decision.State.State);
        Assert.Equal(new TargetEffect.Changed(TargetState.Unknown, TargetState.Up, null), Assert.Single(decision.Effects));
    }

    [Fact]
    public void Target_goes_down_after_fall_checks_in_a_row_and_not_before()
    {
        var health = Up();
        health = After(health, CheckLost, CheckLost, TargetEvent.CheckPassed.Instance, CheckLost, CheckLost);
        Assert.Equal(TargetState.Up, health.State);
        Assert.Equal(TargetState.Down, After(health, CheckLost).State);
    }

    [Fact]
    public void Target_goes_down_at_once_when_a_check_is_refused()
    {
        var health = After(Up(), new TargetEvent.CheckFailed("connection refused", Refused: true));
        Assert.Equal(TargetState.Down, health.State);
        Assert.True(health.Refused);
    }

    [Fact]
    public void Refused_request_takes_the_target_out_and_asks_for_a_check_at_once()
    {
        var decision = Up().Handle(Refused, Rules, Start);
        Assert.Equal(TargetState.Down, decision.State.State);
        Assert.Contains(TargetEffect.CheckNow.Instance, decision.Effects);
        Assert.Equal(TargetState.Up, After(decision.State, TargetEvent.CheckPassed.Instance, TargetEvent.CheckPassed.Instance).State);
    }

    [Fact]
    public void Failed_requests_in_a_row_eject_and_a_passed_one_in_between_forgives()
    {
        var health = After(Up(), Lost, Lost, TargetEvent.RequestPassed.Instance, Lost, Lost);
        Assert.Equal(TargetState.Up, health.State);
        Assert.Equal(TargetState.Ejected, After(health, Lost).State);
    }

    [Fact]
    public void Passed_checks_do_not_end_an_ejection_before_its_time()
    {
        var health = After(Up(), Lost, Lost, Lost, TargetEvent.CheckPassed.Instance, TargetEvent.CheckPassed.Instance);
        Assert.Equal(TargetState.Ejected, health.State);
        Assert.Equal(TargetState.Ejected, health.Handle(TargetEvent.TimePassed.Instance, Rules, health.Wake!.Value.AddTicks(-1)).State.State);
        Assert.Equal(TargetState.Up, health.Handle(TargetEvent.TimePassed.Instance, Rules, health.Wake!.Value).State.State);
    }

    [Fact]
    public void Ejections_grow_while_they_repeat_and_are_forgotten_in_quiet_times()
    {
        var now = Start;
        var health = Up();
        var lengths = new List<TimeSpan>();
        for (var i = 0; i < 8; i++)
        {
            while (health.State == TargetState.Up) health = health.Handle(Lost, Rules, now).State;
            lengths.Add(health.Wake!.Value - now);
            now = health.Wake.Value;
            health = health.Handle(TargetEvent.TimePassed.Instance, Rules, now).State;
        }
        Assert.Equal([2, 4, 8, 16, 32], lengths.Take(5).Select(l => l.TotalSeconds));
        Assert.All(lengths, l => Assert.True(l <= Rules.LongestEjection));

        now += Rules.ForgetAfter * 20;
        health = health.Handle(TargetEvent.RequestPassed.Instance, Rules, now).State;
        while (health.State == TargetState.Up) health = health.Handle(Lost, Rules, now).State;
        Assert.Equal(Rules.FirstEjection, health.Wake!.Value - now);
    }

    [Fact]
    public void A_target_back_from_ejection_is_on_probation()
    {
        var health = After(Up(), Lost, Lost, Lost);
        health = health.Handle(TargetEvent.TimePassed.Instance, Rules, health.Wake!.Value).State;
        Assert.Equal(TargetState.Up, health.State);
        Assert.Equal(TargetState.Ejected, After(health, Lost).State);
    }

    [Fact]
    public void An_ejected_target_whose_checks_fail_returns_as_down_not_up()
    {
        var health = After(Up(), Lost, Lost, Lost, CheckLost);
        Assert.Equal(TargetState.Down, health.Handle(TargetEvent.TimePassed.Instance, Rules, health.Wake!.Value).State.State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_sequence_of_events_keeps_the_invariants(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 300; run++)
        {
            var health = TargetHealth.Unseen;
            var now = Start;
            for (var step = 0; step < 200; step++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(0, 3000));
                TargetEvent happened = random.Next(7) switch
                {
                    0 or 1 => TargetEvent.CheckPassed.Instance,
                    2 => CheckLost,
                    3 => new TargetEvent.CheckFailed("connection refused", Refused: true),
                    4 => TargetEvent.TimePassed.Instance,
                    5 => Lost,
                    _ => random.Next(4) == 0 ? Refused : TargetEvent.RequestPassed.Instance,
                };
                var decision = health.Handle(happened, Rules, now);
                var changed = decision.Effects.OfType<TargetEffect.Changed>().ToList();
                if (decision.State.State != health.State)
                    Assert.Equal(new TargetEffect.Changed(health.State, decision.State.State, Assert.Single(changed).Reason), changed[0]);
                else
                    Assert.Empty(changed);
                Assert.Equal(decision.State.State == TargetState.Up, decision.State.UpSince is not null);
                Assert.Equal(decision.State.State == TargetState.Ejected, decision.State.Wake is not null);
                Assert.True(decision.State.Wake is null || decision.State.Wake - now <= Rules.LongestEjection);
                if (decision.State.State == TargetState.Up && health.State != TargetState.Up)
                    Assert.True(happened is TargetEvent.CheckPassed or TargetEvent.TimePassed);
                health = decision.State;
            }
        }
    }

    private static TargetHealth Up() => After(TargetHealth.Unseen, TargetEvent.CheckPassed.Instance, TargetEvent.CheckPassed.Instance);

    private static TargetHealth After(TargetHealth health, params ReadOnlySpan<TargetEvent> events)
    {
        foreach (var happened in events) health = health.Handle(happened, Rules, Start).State;
        return health;
    }
}
