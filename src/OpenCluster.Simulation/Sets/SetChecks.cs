using OpenCluster.Decisions.Sets;

namespace OpenCluster.Simulation.Sets;

/// <summary>What must hold of a replicated set, whatever breaks.</summary>
internal sealed class SetChecks
{
    private readonly Dictionary<int, long> acknowledged = [];
    private readonly SortedDictionary<long, (DateTimeOffset First, DateTimeOffset Last)> epochs = [];
    private readonly List<string> violations = [];

    public IReadOnlyList<string> Violations => violations;
    public int AcknowledgedWrites => acknowledged.Count;
    public DateTimeOffset LastAcknowledged { get; private set; }

    /// <summary>Between two acknowledgements that followed each other, as the primaries gave them.</summary>
    public TimeSpan LongestPause { get; private set; }

    public void Violated(string what) => violations.Add(what);

    /// <param name="confirmed">When the primary said that enough replicas have it.</param>
    public void Acknowledged(int write, long epoch, DateTimeOffset confirmed)
    {
        acknowledged[write] = epoch;
        if (LastAcknowledged != default && confirmed - LastAcknowledged > LongestPause) LongestPause = confirmed - LastAcknowledged;
        LastAcknowledged = confirmed;
        var known = epochs.GetValueOrDefault(epoch, (confirmed, confirmed));
        epochs[epoch] = (confirmed < known.Item1 ? confirmed : known.Item1, confirmed > known.Item2 ? confirmed : known.Item2);
        if (epochs.FirstOrDefault(e => e.Key > epoch) is { Key: > 0 } later && confirmed > later.Value.First)
            Violated($"write {write} was confirmed in epoch {epoch} after the first acknowledged one of epoch {later.Key}");
    }

    public void AtTheEnd(SetWorld world)
    {
        var set = world.Store.Set;
        if (set.Phase != SetPhase.Serving)
        {
            Violated($"after a quiet time it is still {set.Phase} in epoch {set.Epoch}: {set.Why}");
            return;
        }
        var primary = world.Hosts[set.Primary!].Server;
        var held = primary.History.From(0).ToHashSet();
        var lost = acknowledged.Keys.Where(w => !held.Contains(w)).Order().ToList();
        if (lost.Count > 0) Violated($"{lost.Count} acknowledged writes are lost, the first {lost[0]} of epoch {acknowledged[lost[0]]}");
        foreach (var member in world.Members)
        {
            if (member.Server != primary && !member.Server.IsInStepWith(primary)) Violated($"{member.Name} is not in step with {set.Primary}: it {member.Server}, {primary.History.Length} there");
        }
        if (world.Now - LastAcknowledged > TimeSpan.FromSeconds(10)) Violated("clients have had no acknowledgement for 10 s though nothing is broken");
    }
}
