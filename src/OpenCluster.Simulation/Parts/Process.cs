namespace OpenCluster.Simulation.Parts;

/// <summary>One operating system process of an instance.</summary>
internal sealed class Process(string instanceId, int run, Behaviour behaviour, DateTimeOffset started, int port)
{
    public string InstanceId => instanceId;
    public int Run => run;
    public Behaviour Behaviour => behaviour;
    public int Port => port;
    public bool Alive { get; set; } = true;

    /// <summary>Asked to end, by order of the controller and not because it failed.</summary>
    public bool Leaving { get; set; }

    public int InFlight { get; set; }

    public bool Listens(DateTimeOffset now) =>
        Alive && behaviour.Kind is not (BehaviourKind.NeverStarts or BehaviourKind.NeverListens) && now >= started + behaviour.Ready;

    public bool PassesChecks(DateTimeOffset now) => Listens(now) && !(behaviour.Kind == BehaviourKind.Sickens && now >= started + behaviour.Trouble);

    /// <summary>When it dies by itself; null for never.</summary>
    public DateTimeOffset? DiesAt => behaviour.Kind switch
    {
        BehaviourKind.NeverStarts => started + TimeSpan.FromMilliseconds(200),
        BehaviourKind.Dies => started + behaviour.Trouble,
        _ => null,
    };
}
