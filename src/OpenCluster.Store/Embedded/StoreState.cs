using System.Collections.Immutable;

namespace OpenCluster.Store.Embedded;

/// <summary>
/// All documents and leases at one revision. Immutable: readers hold one while the next is being made, and a batch that the
/// disk refuses is undone by forgetting it.
/// </summary>
internal sealed record StoreState
{
    public static readonly StoreState Empty = new();

    public long Revision { get; init; }

    /// <summary>The newest lease ever granted, so that no id is used twice.</summary>
    public long LastLease { get; init; }

    public ImmutableSortedSet<Document> Documents { get; init; } = ImmutableSortedSet.Create<Document>(KeyOrder.Instance);

    public ImmutableDictionary<LeaseId, LeaseState> Leases { get; init; } = ImmutableDictionary<LeaseId, LeaseState>.Empty;

    public Document? Find(string key) => Documents.TryGetValue(KeyOrder.Probe(key), out var found) ? found : null;

    public IReadOnlyList<Document> Under(string prefix)
    {
        var first = Documents.IndexOf(KeyOrder.Probe(prefix));
        var found = new List<Document>();
        for (var i = first < 0 ? ~first : first; i < Documents.Count; i++)
        {
            var document = Documents[i];
            if (!document.Key.StartsWith(prefix, StringComparison.Ordinal))
                break;
            found.Add(document);
        }
        return found;
    }

    public StoreState Apply(StoreRecord record)
    {
        var documents = Documents.ToBuilder();
        var leases = Leases.ToBuilder();
        foreach (var lease in record.Granted)
            leases[lease.Id] = new LeaseState(lease.TimeToLive, ImmutableHashSet.Create<string>(StringComparer.Ordinal));
        foreach (var key in record.Deletes)
            Remove(key);
        foreach (var put in record.Puts)
        {
            Remove(put.Key);
            documents.Add(put);
            if (put.Lease is { } lease)
                leases[lease] = leases[lease] with { Keys = leases[lease].Keys.Add(put.Key) };
        }
        leases.RemoveRange(record.Ended);
        return this with
        {
            Revision = record.Revision,
            LastLease = record.Granted.Aggregate(LastLease, (last, lease) => Math.Max(last, lease.Id.Value)),
            Documents = documents.ToImmutable(),
            Leases = leases.ToImmutable(),
        };

        void Remove(string key)
        {
            if (!documents.TryGetValue(KeyOrder.Probe(key), out var old))
                return;
            documents.Remove(old);
            if (old.Lease is { } lease)
                leases[lease] = leases[lease] with { Keys = leases[lease].Keys.Remove(key) };
        }
    }
}

/// <summary>A lease that has not ended. When it will is not here: that is the clock's, and begins anew after a restart.</summary>
internal sealed record LeaseState(TimeSpan TimeToLive, ImmutableHashSet<string> Keys);
