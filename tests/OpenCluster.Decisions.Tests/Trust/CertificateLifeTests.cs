using OpenCluster.Decisions.Trust;

namespace OpenCluster.Decisions.Tests.Trust;

public sealed class CertificateLifeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    [Fact]
    public void A_certificate_is_renewed_at_half_of_its_time_and_not_before()
    {
        var world = new World();
        world.Run(TimeSpan.FromHours(11.9));
        Assert.Empty(world.Renewals);
        world.Run(TimeSpan.FromHours(0.2));
        Assert.Single(world.Renewals);
        Assert.Empty(world.Warnings);
    }

    [Fact]
    public void Warnings_come_while_there_is_time_to_act_once_each_and_end_when_it_is_well()
    {
        var world = new World { Away = true };
        world.Run(TimeSpan.FromHours(30));
        Assert.Equal([CertificateWarning.EndsSoon, CertificateWarning.Ended], world.Warnings);
        Assert.InRange(world.WarnedAfter[0], TimeSpan.FromHours(18), TimeSpan.FromHours(18.1));

        world.Away = false;
        world.Run(CertificateLife.MostWait + CertificateLife.LookEvery);

        Assert.Equal(1, world.Wells);
        Assert.Equal(CertificateWarning.None, world.State.Warned);
    }

    [Fact]
    public void A_clock_that_was_set_is_only_watched_for_a_while()
    {
        var world = new World();
        world.Run(TimeSpan.FromMinutes(1));
        world.Wall += TimeSpan.FromDays(365);
        world.Run(CertificateLife.Watching - CertificateLife.LookEvery);
        Assert.Equal([CertificateWarning.ClockJumped], world.Warnings);
        Assert.Empty(world.Renewals);

        world.Run(TimeSpan.FromMinutes(2));

        // If it stays like that, it is the time: the certificate has ended, and is renewed.
        Assert.Contains(CertificateWarning.Ended, world.Warnings);
        Assert.Single(world.Renewals);
        Assert.Equal(CertificateWarning.None, world.State.Warned);
    }

    [Fact]
    public void A_clock_before_the_certificate_is_named_as_what_is_wrong()
    {
        var world = new World { Wall = Start - TimeSpan.FromDays(3) };
        world.Run(TimeSpan.FromMinutes(1));
        Assert.Equal([CertificateWarning.NotYetValid], world.Warnings);
    }

    /// <summary>Whatever the controller's absences and the clock's jumps: what must always hold, at every look.</summary>
    [Fact]
    public void Whatever_happens_renewals_are_few_one_at_a_time_and_a_reachable_controller_keeps_it_valid()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var world = new World();
            var quiet = TimeSpan.Zero;
            for (var step = 0; step < 200; step++)
            {
                var was = world.Away;
                if (random.Next(4) == 0) world.Away = !world.Away;
                var jumped = random.Next(40) == 0;
                if (jumped) world.Wall += TimeSpan.FromMinutes(random.Next(-100, 100));
                var length = TimeSpan.FromMinutes(random.Next(1, 240));
                world.Run(length);
                quiet = world.Away || was || jumped ? TimeSpan.Zero : quiet + length;
                if (quiet > CertificateLife.MostWait + CertificateLife.Watching + TimeSpan.FromMinutes(1))
                    Assert.True(world.State.Until > world.Wall && world.State.Warned == CertificateWarning.None, $"seed {seed}, step {step}: {world.State}");
            }

            // A failing renewal is tried at most every ten minutes once it has backed off, a good one twice a day.
            Assert.True(world.Renewals.Count <= world.Elapsed / CertificateLife.MostWait + 50, $"seed {seed}: {world.Renewals.Count} renewals in {world.Elapsed}");
        }
    }

    /// <summary>A holder of one certificate, both its clocks, and a controller that is there or not.</summary>
    private sealed class World
    {
        private DateTimeOffset _steady = Start;

        public CertificateState State { get; private set; } = CertificateState.Of(Start, Start + Lifetime);
        public DateTimeOffset Wall { get; set; } = Start;
        public bool Away { get; set; }
        public List<DateTimeOffset> Renewals { get; } = [];
        public List<CertificateWarning> Warnings { get; } = [];
        public List<TimeSpan> WarnedAfter { get; } = [];
        public int Wells { get; private set; }
        public TimeSpan Elapsed => _steady - Start;

        public void Run(TimeSpan length)
        {
            for (var end = _steady + length; _steady < end; _steady += CertificateLife.LookEvery, Wall += CertificateLife.LookEvery)
                Handle(new CertificateEvent.Looked(Wall));
        }

        private void Handle(CertificateEvent happened)
        {
            var decision = CertificateLife.Handle(State, happened, _steady);
            State = decision.State;
            foreach (var effect in decision.Effects)
            {
                switch (effect)
                {
                    case CertificateEffect.Renew:
                        Renewals.Add(Wall);
                        Handle(Away ? new CertificateEvent.NotRenewed("away") : new CertificateEvent.Renewed(Wall - TimeSpan.FromHours(1), Wall + Lifetime));
                        break;
                    case CertificateEffect.Warn(var kind, var text):
                        Assert.NotEmpty(text);
                        Warnings.Add(kind);
                        WarnedAfter.Add(Elapsed);
                        break;
                    case CertificateEffect.Well:
                        Wells++;
                        break;
                }
            }
        }
    }
}
