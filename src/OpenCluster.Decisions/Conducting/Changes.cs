using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What one event has changed so far: documents to write and effects to carry out afterwards.</summary>
internal sealed class Changes
{
    private readonly Dictionary<string, Func<ReadOnlyMemory<byte>?>> documents = new(StringComparer.Ordinal);
    private readonly List<ClusterEffect> effects = [];
    private readonly HashSet<string> agents = new(StringComparer.Ordinal);
    private readonly List<string> deployments = [];
    private readonly List<ServiceZone> understood = [];
    private bool balancers;

    /// <summary>Grows with every write.</summary>
    public long Version { get; private set; }

    public int Documents => documents.Count;

    public Failure? Refused { get; set; }

    /// <summary>The document is read when the event has been dealt with, so that several changes are one write.</summary>
    public void Write(string key, Func<ReadOnlyMemory<byte>?> current)
    {
        documents[key] = current;
        Version++;
    }

    public void Do(ClusterEffect effect) => effects.Add(effect);

    public void TellAgent(string serverId) => agents.Add(serverId);

    public void TellBalancers() => balancers = true;

    public void Started(string deploymentId) => deployments.Add(deploymentId);

    public void Understood(ServiceZone place) => understood.Add(place);

    public Outcome Take()
    {
        if (documents.Count == 0 && effects.Count == 0 && agents.Count == 0 && !balancers && Refused is null && deployments.Count == 0 && understood.Count == 0)
            return Outcome.Nothing;
        var persist = documents.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => new DocumentWrite(d.Key, d.Value())).ToImmutableArray();
        // Balancers before agents: a target that is about to drain or stop should hear of it last.
        if (balancers)
            effects.Insert(0, new ClusterEffect.TellBalancers());
        effects.AddRange(agents.Order(Placing.IdOrder.Instance).Select(a => new ClusterEffect.TellAgent(a)));
        var outcome = new Outcome(persist, [.. effects]) { Refused = Refused, Deployments = [.. deployments], Understood = [.. understood] };
        documents.Clear();
        effects.Clear();
        agents.Clear();
        deployments.Clear();
        understood.Clear();
        balancers = false;
        Refused = null;
        return outcome;
    }
}
