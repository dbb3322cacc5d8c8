using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Simulation.Parts;

/// <summary>What is durable. A commit happens whole or not at all; whether its caller lives to hear of it is another matter.</summary>
internal sealed class SimulatedStore
{
    public Dictionary<string, ReadOnlyMemory<byte>> Documents { get; } = new(StringComparer.Ordinal);

    public long Revision { get; private set; }

    public void Commit(IReadOnlyCollection<DocumentWrite> writes)
    {
        Revision++;
        foreach (var write in writes)
        {
            if (write.Json is { } json)
                Documents[write.Key] = json;
            else
                Documents.Remove(write.Key);
        }
    }
}
