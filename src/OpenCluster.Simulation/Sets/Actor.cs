namespace OpenCluster.Simulation.Sets;

/// <summary>Something that runs and can die or stand still: an agent, a server's process, a relay, a controller. Its clock has a rate of its own.</summary>
internal sealed class Actor(SetWorld world, string name, double rate)
{
    private readonly Queue<Action> held = new();
    private int life;

    public string Name => name;
    public bool Up { get; private set; } = true;
    public bool Frozen { get; private set; }

    /// <summary>Monotonic time as this machine counts it.</summary>
    public DateTimeOffset Now => Time.Timeline.Start + ((world.Now - Time.Timeline.Start) * rate);

    /// <summary>Does it now, or when it wakes; never if it is dead by then.</summary>
    public void Run(Action what)
    {
        if (!Up) return;
        if (Frozen) held.Enqueue(what);
        else what();
    }

    /// <summary>Planned in its own time; forgotten when it dies.</summary>
    public void In(TimeSpan delay, Action what)
    {
        var planned = life;
        world.Timeline.In(delay / rate, () =>
        {
            if (planned == life) Run(what);
        });
    }

    public void Every(TimeSpan period, Action what) => In(period * (0.5 + (world.Random.Below(100) / 100.0)), () =>
    {
        what();
        Every(period, what);
    });

    public void Die()
    {
        Up = false;
        Frozen = false;
        life++;
        held.Clear();
    }

    public void Start()
    {
        Up = true;
        life++;
    }

    public void Freeze() => Frozen = Up;

    /// <summary>What came meanwhile is done first, in its order, as a process does that finds full sockets.</summary>
    public void Thaw()
    {
        Frozen = false;
        while (Up && !Frozen && held.TryDequeue(out var next)) next();
    }
}
