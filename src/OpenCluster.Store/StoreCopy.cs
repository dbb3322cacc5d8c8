namespace OpenCluster.Store;

/// <summary>Moves a cluster's documents from one store to another, for growing from embedded to etcd and back.</summary>
public static class StoreCopy
{
    /// <summary>
    /// Copies everything, as it was at one revision, into an empty store. Revisions begin anew there, which its newer generation
    /// tells everybody. Documents of leases stay behind: whoever holds the lease puts them again. Nobody may write to either
    /// store meanwhile.
    /// </summary>
    /// <returns>How many documents were copied.</returns>
    /// <exception cref="InvalidOperationException">The target has documents, or its generation is not newer; nothing was copied.</exception>
    public static async Task<int> CopyAsync(IStore from, IStore to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        if (to.Generation.CompareTo(from.Generation) <= 0)
            throw new InvalidOperationException($"The target's generation {to.Generation} is not newer than {from.Generation}: it was created before. Copy into a new store.");
        if ((await to.ReadAsync("", cancellationToken)).Documents.Count > 0)
            throw new InvalidOperationException("The target has documents already. Copy into a new store.");

        var documents = (await from.ReadAsync("", cancellationToken)).Documents.Where(document => document.Lease is null).ToList();
        var part = new Transaction();
        foreach (var document in documents)
        {
            if (!part.HasRoomFor(document.Key, document.Value))
                part = await CommitAsync(to, part, cancellationToken);
            part.IfAbsent(document.Key).Put(document.Key, document.Value);
        }
        await CommitAsync(to, part, cancellationToken);
        return documents.Count;
    }

    private static async Task<Transaction> CommitAsync(IStore to, Transaction part, CancellationToken cancellationToken)
    {
        if (await to.CommitAsync(part, cancellationToken) is CommitResult.Refused refused)
            throw new InvalidOperationException($"Somebody else put '{refused.Failed[0].Condition.Key}' into the target meanwhile. Copy into a new store that nobody uses yet.");
        return new Transaction();
    }
}
