namespace OpenCluster.Store.Embedded;

/// <summary>Something asked of the store's loop. It decides against a state, and is answered when its batch is on disk.</summary>
internal abstract class Request
{
    /// <summary>What it means for <paramref name="state"/>: the record to write, or null when there is nothing to. Keeps its answer.</summary>
    public abstract StoreRecord? Decide(StoreState state, LeaseClock clock);

    /// <summary>The batch is durable: hand the answer out.</summary>
    public abstract void Succeed();

    public abstract void Fail(Exception error);
}

/// <summary>A request with an answer of one type.</summary>
internal abstract class Request<TAnswer> : Request
{
    private readonly TaskCompletionSource<TAnswer> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TAnswer answer = default!;

    public Task<TAnswer> Answer => source.Task;

    public override void Succeed() => source.TrySetResult(answer);

    public override void Fail(Exception error) => source.TrySetException(error);

    protected StoreRecord? Answering(TAnswer value, StoreRecord? record)
    {
        answer = value;
        return record;
    }
}

internal sealed class CommitRequest(Transaction transaction) : Request<CommitResult>
{
    public override StoreRecord? Decide(StoreState state, LeaseClock clock)
    {
        var (record, result) = Deciding.Commit(state, transaction);
        return Answering(result, record);
    }
}

internal sealed class GrantRequest(TimeSpan timeToLive) : Request<Lease>
{
    public override StoreRecord? Decide(StoreState state, LeaseClock clock)
    {
        var (record, lease) = Deciding.Grant(state, timeToLive);
        return Answering(lease, record);
    }
}

internal sealed class KeepAliveRequest(LeaseId lease) : Request<bool>
{
    public override StoreRecord? Decide(StoreState state, LeaseClock clock)
    {
        if (!state.Leases.TryGetValue(lease, out var found))
            return Answering(false, null);
        clock.Start(lease, found.TimeToLive);
        return Answering(true, null);
    }
}

internal sealed class RevokeRequest(LeaseId lease) : Request<bool>
{
    public override StoreRecord? Decide(StoreState state, LeaseClock clock) =>
        state.Leases.ContainsKey(lease) ? Answering(true, Deciding.End(state, lease)) : Answering(false, null);
}

/// <summary>A lease's time is up. It may have been ended, or kept alive, since that was seen.</summary>
internal sealed class ExpireRequest(LeaseId lease) : Request
{
    public override StoreRecord? Decide(StoreState state, LeaseClock clock) =>
        state.Leases.ContainsKey(lease) ? Deciding.End(state, lease) : null;

    public override void Succeed()
    {
    }

    public override void Fail(Exception error)
    {
    }
}
