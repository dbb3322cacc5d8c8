namespace OpenCluster.Agent.Sets.Votes;

/// <summary>What the agent beside a primary asks a voter: a lease, or to take one back.</summary>
internal sealed record VoteAsk
{
    public required string SetId { get; init; }
    public required long Epoch { get; init; }
    public required string Holder { get; init; }
    public bool Returns { get; init; }
}

/// <param name="Promised">The newest epoch that the voter promised; says why there is no grant.</param>
internal sealed record VoteAnswer(bool Granted, long Promised);
