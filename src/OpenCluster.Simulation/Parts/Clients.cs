namespace OpenCluster.Simulation.Parts;

/// <summary>Clients with two addresses from DNS: each request tries one load-balancer, and the other once when that fails or dies.</summary>
internal sealed class Clients(World world)
{
    private static readonly TimeSpan WaitFor = TimeSpan.FromSeconds(5);

    public long Requests { get; private set; }
    public long Failed { get; private set; }
    public DateTimeOffset? LastFailure { get; private set; }

    /// <summary>From when on the service is expected to answer.</summary>
    public bool On { get; set; }

    public void Start()
    {
        var every = TimeSpan.FromSeconds(1.0 / world.Options.RequestsPerSecond);
        Next();

        void Next()
        {
            if (On)
                Send();
            world.Timeline.In(every, Next);
        }
    }

    private void Send()
    {
        Requests++;
        Try(tries: 2, avoid: null);
    }

    private void Try(int tries, string? avoid)
    {
        var reachable = world.Balancers.Where(b => b.Reachable && b.Id != avoid).ToList();
        if (reachable.Count == 0)
        {
            End(good: false, "no load-balancer could be reached");
            return;
        }

        var balancer = world.Random.Of(reachable);
        var answered = false;
        balancer.Take(new Request(world.Now + WaitFor, good =>
        {
            if (answered)
                return;
            answered = true;
            End(good, $"{balancer.Id} had no good answer");
        }));
        Watch();

        // A client notices that its load-balancer is gone when the connection breaks.
        void Watch()
        {
            if (answered)
                return;
            if (balancer.Reachable)
            {
                world.Timeline.In(TimeSpan.FromMilliseconds(200), Watch);
                return;
            }

            answered = true;
            if (tries > 1)
                Try(tries - 1, balancer.Id);
            else
                End(good: false, "both load-balancers died with it");
        }
    }

    private void End(bool good, string why)
    {
        if (good)
            return;
        Failed++;
        LastFailure = world.Now;
        world.Trace.Say("client", $"a request failed: {why}");
        world.Checks.RequestFailed(why);
    }
}
