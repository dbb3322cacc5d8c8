namespace OpenCluster.Store.Etcd;

/// <summary>A transaction as etcd's Txn, and etcd's answer as a result. When it is refused, the same Txn reads what the conditions met.</summary>
internal static class EtcdTransaction
{
    public static TxnRequest ToRequest(Transaction transaction, EtcdKeys keys) => new(
        [.. transaction.Conditions.Select(condition => ToCompare(condition, keys))],
        [.. transaction.Writes.Select(write => ToOperation(write, keys))],
        [.. transaction.Conditions.Select(condition => new RequestOp(RequestRange: new RangeRequest(keys.Of(condition.Key), KeysOnly: true)))]);

    public static CommitResult ToResult(Transaction transaction, TxnResponse response)
    {
        if (response.Succeeded)
            return new CommitResult.Committed(response.Header?.Revision ?? 0);
        var met = response.Responses ?? [];
        var failed = transaction.Conditions
            .Zip(met, (condition, answer) => new FailedCondition(condition, answer.ResponseRange?.Kvs?[0].ModRevision ?? 0))
            .Where(found => !found.Condition.HoldsAt(found.ModRevision));
        return new CommitResult.Refused([.. failed]);
    }

    // A key that does not exist compares as revision 0.
    private static Compare ToCompare(Condition condition, EtcdKeys keys) => condition switch
    {
        Condition.Revision wanted => new Compare(keys.Of(wanted.Key), "EQUAL", wanted.ModRevision),
        Condition.Absent => new Compare(keys.Of(condition.Key), "EQUAL", 0),
        Condition.Exists => new Compare(keys.Of(condition.Key), "GREATER", 0),
        _ => throw new InvalidOperationException($"no such condition: {condition}"),
    };

    private static RequestOp ToOperation(Write write, EtcdKeys keys) => write switch
    {
        Write.Put put => new RequestOp(RequestPut: new PutRequest(keys.Of(put.Key), put.Value.ToArray(), put.Lease?.Value)),
        Write.Delete => new RequestOp(RequestDeleteRange: new DeleteRangeRequest(keys.Of(write.Key))),
        _ => throw new InvalidOperationException($"no such write: {write}"),
    };
}
