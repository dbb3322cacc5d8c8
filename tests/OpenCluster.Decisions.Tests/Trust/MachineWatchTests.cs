using OpenCluster.Decisions.Trust;

namespace OpenCluster.Decisions.Tests.Trust;

public sealed class MachineWatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly KnownMachine First = new() { Machine = "m1", Boot = "b1", HeardAt = Start };

    [Fact]
    public void Another_machine_with_the_same_key_is_refused_and_changes_nothing()
    {
        var verdict = MachineWatch.Judge(First, new Sighting("m2", "b2"), Start.AddHours(1));
        Assert.Equal((SightingKind.Clone, First), (verdict.Kind, verdict.State));
    }

    [Fact]
    public void A_boot_is_noticed_once()
    {
        var booted = MachineWatch.Judge(First, new Sighting("m1", "b2"), Start.AddSeconds(20));
        Assert.Equal(SightingKind.Booted, booted.Kind);
        Assert.Equal(SightingKind.Known, MachineWatch.Judge(booted.State, new Sighting("m1", "b2"), Start.AddSeconds(21)).Kind);
    }

    /// <summary>A copy that even shares what the machine says of itself: whoever was heard stays, the other is refused for as long as it tries.</summary>
    [Fact]
    public void Of_two_machines_alive_at_once_the_first_goes_on_and_the_second_is_refused()
    {
        var known = First;
        for (var i = 0; i < 100; i++)
        {
            var now = Start.AddSeconds(i);
            known = MachineWatch.Judge(known, new Sighting("m1", "b1"), now).State;
            var copy = MachineWatch.Judge(known, new Sighting("m1", "b2"), now.AddMilliseconds(500));
            Assert.Equal(SightingKind.Clone, copy.Kind);
            known = copy.State;
        }

        Assert.Equal("b1", known.Boot);
    }

    [Fact]
    public void A_boot_that_is_over_does_not_come_back()
    {
        var known = MachineWatch.Judge(First, new Sighting("m1", "b2"), Start.AddMinutes(1)).State;
        Assert.Equal(SightingKind.Clone, MachineWatch.Judge(known, new Sighting("m1", "b1"), Start.AddHours(1)).Kind);
    }

    [Fact]
    public void Past_boots_are_remembered_up_to_a_bound()
    {
        var known = First;
        for (var i = 2; i < 50; i++) known = MachineWatch.Judge(known, new Sighting("m1", $"b{i}"), Start.AddMinutes(i)).State;
        Assert.Equal(MachineWatch.PastBoots, known.Past.Length);
        Assert.Equal("b49", known.Boot);
    }
}
