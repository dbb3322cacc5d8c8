using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Conducting;

/// <summary>
/// Events dealt with together: as a rule one transaction and one sync for all of them. What one event writes is never split; when the
/// next one does not fit any more it begins another part.
/// </summary>
internal sealed class Batch
{
    /// <summary>Beyond this no further event is taken in.</summary>
    private const int FullDocuments = 64;
    private const int FullEvents = 512;

    private readonly List<Part> _parts = [new Part()];
    private int _events;

    /// <summary>Committed at once; more than one transaction takes only where a single event writes so much (see <see cref="LargeCommit"/>).</summary>
    public sealed class Part
    {
        /// <summary>The last write of a key wins, which is what the conductor's state says too.</summary>
        public Dictionary<string, ReadOnlyMemory<byte>?> Documents { get; } = new(StringComparer.Ordinal);
        public List<(Work.Change Change, Outcome Outcome)> Changes { get; } = [];
        public long Bytes;
    }

    public bool HasRoom => _events < FullEvents && _parts.Sum(p => p.Documents.Count) < FullDocuments;
    public IReadOnlyList<Part> Parts => _parts;
    public List<ClusterEffect> Effects { get; } = [];
    public List<Work.Look> Looks { get; } = [];

    /// <summary>Adds what one event came to: its documents, and who waits for them.</summary>
    public void Add(IReadOnlyCollection<DocumentWrite> writes, Work.Change? change = null, Outcome outcome = default)
    {
        _events++;
        var part = _parts[^1];
        var bytes = writes.Sum(w => (long)w.Key.Length + (w.Json?.Length ?? 0));
        if (part.Documents.Count > 0 && (part.Documents.Count + writes.Count > Ledger.MostKeys || part.Bytes + bytes > Ledger.MostBytes)) _parts.Add(part = new Part());
        foreach (var write in writes) part.Documents[write.Key] = write.Json;
        part.Bytes += bytes;
        if (change is not null) part.Changes.Add((change, outcome));
    }

    public void Add(Work.Look look)
    {
        _events++;
        Looks.Add(look);
    }
}
