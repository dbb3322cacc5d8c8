namespace OpenCluster.Benchmarks.Failover;

/// <summary>Three redis-servers that somebody fails over.</summary>
internal interface IRedisSet : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Where the copies listen, <c>HOST:PORT</c>.</summary>
    IReadOnlyList<string> Copies { get; }

    /// <summary>Of the user "app"; null where no password is asked for.</summary>
    string? Password { get; }

    /// <summary>What must be started again after a kill is; completes when a primary and two replicas are there again.</summary>
    Task HealAsync(CancellationToken ct);
}
