namespace OpenCluster.Store.Embedded;

/// <summary>What a request means for a state: the record that carries it out, if any, and its answer. Pure.</summary>
internal static class Deciding
{
    public static (StoreRecord? Record, CommitResult Result) Commit(StoreState state, Transaction transaction)
    {
        var failed = transaction.Conditions
            .Select(condition => new FailedCondition(condition, state.Find(condition.Key)?.ModRevision ?? 0))
            .Where(found => !found.Condition.HoldsAt(found.ModRevision))
            .ToList();
        if (failed.Count > 0)
            return (null, new CommitResult.Refused(failed));
        if (transaction.Writes.OfType<Write.Put>().Any(put => put.Lease is { } lease && !state.Leases.ContainsKey(lease)))
            return (null, new CommitResult.LeaseEnded());

        var revision = state.Revision + 1;
        var puts = transaction.Writes.OfType<Write.Put>()
            .Select(put => new Document(put.Key, put.Value, state.Find(put.Key)?.CreateRevision ?? revision, revision, put.Lease))
            .ToList();
        var deletes = transaction.Writes.OfType<Write.Delete>()
            .Where(delete => state.Find(delete.Key) is not null)
            .Select(delete => delete.Key)
            .ToList();
        return puts.Count + deletes.Count == 0
            ? (null, new CommitResult.Committed(state.Revision))
            : (new StoreRecord(revision, puts, deletes, [], []), new CommitResult.Committed(revision));
    }

    public static (StoreRecord Record, Lease Lease) Grant(StoreState state, TimeSpan timeToLive)
    {
        var lease = new Lease(new LeaseId(state.LastLease + 1), timeToLive);
        return (new StoreRecord(state.Revision, [], [], [lease], []), lease);
    }

    /// <summary>Ends a lease that has not ended, with its documents.</summary>
    public static StoreRecord End(StoreState state, LeaseId lease)
    {
        var keys = state.Leases[lease].Keys.Order(StringComparer.Ordinal).ToList();
        return new StoreRecord(keys.Count == 0 ? state.Revision : state.Revision + 1, [], keys, [], [lease]);
    }
}
