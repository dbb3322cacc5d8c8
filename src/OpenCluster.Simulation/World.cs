using OpenCluster.Simulation.Checks;
using OpenCluster.Simulation.Parts;
using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation;

/// <summary>One simulated world: machines, a controller with its store, a network between them, clients, and somebody who breaks things.</summary>
internal sealed class World
{
    public World(ulong seed, SimulationOptions options)
    {
        Options = options;
        Random = new Xoshiro(seed);
        Trace = new Trace(Timeline, options.Trace);
        Checks = new Invariants(this);
        Store = new SimulatedStore();
        Controller = new SimulatedController(this);
        Network = new Network(this);
        Clients = new Clients(this);
    }

    public SimulationOptions Options { get; }
    public Timeline Timeline { get; } = new();
    public DateTimeOffset Now => Timeline.Now;
    public Xoshiro Random { get; }
    public Trace Trace { get; }
    public Invariants Checks { get; }
    public SimulatedStore Store { get; }
    public SimulatedController Controller { get; }
    public Network Network { get; }
    public Clients Clients { get; }

    /// <summary>Machines by server id, once the controller has given ids.</summary>
    public SortedDictionary<string, Machine> Machines { get; } = new(StringComparer.Ordinal);

    /// <summary>The machine at an address; there is one.</summary>
    public Machine? At(string address)
    {
        foreach (var machine in Machines.Values)
        {
            if (machine.Address == address)
                return machine;
        }

        return null;
    }

    /// <summary>How what was built from a commit behaves.</summary>
    public Dictionary<string, Behaviour> Commits { get; } = new(StringComparer.Ordinal);

    public string Head { get; set; } = "";

    public Machine MachineNamed(string name) => Machines.Values.First(m => m.Name == name);

    /// <summary>Balancer processes that run, in the order clients know them.</summary>
    public IEnumerable<Balancer> Balancers => Machines.Values.Where(m => m.Up).SelectMany(m => m.Balancers);
}
