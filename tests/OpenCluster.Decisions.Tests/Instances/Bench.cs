using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Tests.Instances;

/// <summary>One instance under care, by hand: tell it what happened, see what it wants done.</summary>
internal sealed class Bench
{
    public static readonly CareRules Web = new()
    {
        Check = new HealthCheck { Every = TimeSpan.FromSeconds(1), Fall = 3, Rise = 1, StartWithin = TimeSpan.FromSeconds(30) },
        Stop = new StopRule { Drain = TimeSpan.FromSeconds(10), Grace = TimeSpan.FromSeconds(10) },
        Restart = new RestartRule(),
    };

    public Bench(CareRules? rules = null) => State = InstanceCare.New("api-1", rules ?? Web, Now);

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public InstanceState State { get; private set; }
    public List<CareEffect> Effects { get; } = [];
    public Persist Persisted { get; private set; }

    public Bench Tell(CareEvent happened)
    {
        var decision = InstanceCare.Handle(State, happened, Now);
        State = decision.State;
        Persisted = decision.Persist;
        Effects.Clear();
        Effects.AddRange(decision.Effects);
        return this;
    }

    /// <summary>Let time go on, waking the machine whenever it asks for it.</summary>
    public Bench Wait(double seconds)
    {
        var until = Now.AddSeconds(seconds);
        while (State.Wake is { } wake && wake <= until)
        {
            if (wake > Now) Now = wake;
            var before = State;
            Tell(new CareEvent.TimePassed());
            if (State == before || Effects.Count > 0) return this;
        }
        Now = until;
        return this;
    }

    public Bench Order(Wanted wanted = Wanted.Run) => Tell(new CareEvent.Ordered(wanted));
    public Bench Started(int run = 1) => Tell(new CareEvent.Started(run, 8080));
    public Bench Good(int run = 1) => Tell(new CareEvent.Checked(run, true, true, "200"));
    public Bench Bad(int run = 1, bool listened = true) => Tell(new CareEvent.Checked(run, false, listened, "it answered 500"));
    public Bench Dies(int run = 1, int code = 1) => Tell(new CareEvent.Exited(run, code));
    public Bench Ready() => Order().Started().Good();
}
