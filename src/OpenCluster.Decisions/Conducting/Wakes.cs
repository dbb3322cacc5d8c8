namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Who wants to be looked at when. Each key has at most one time; asking for an earlier one replaces it, so that a thing that
/// postpones itself with every event costs nothing until its first time has come.
/// </summary>
internal sealed class Wakes<TKey>
    where TKey : notnull
{
    private readonly PriorityQueue<TKey, DateTimeOffset> queue = new();
    private readonly Dictionary<TKey, DateTimeOffset> wanted = [];

    public DateTimeOffset? Next
    {
        get
        {
            while (queue.TryPeek(out var key, out var at))
            {
                if (wanted.TryGetValue(key, out var valid) && valid == at)
                    return at;
                queue.Dequeue();
            }

            return null;
        }
    }

    public void At(TKey key, DateTimeOffset? at)
    {
        if (at is not { } time || (wanted.TryGetValue(key, out var earlier) && earlier <= time))
            return;
        wanted[key] = time;
        queue.Enqueue(key, time);
    }

    public bool TryTake(DateTimeOffset now, out TKey key)
    {
        if (Next is { } at && at <= now)
        {
            key = queue.Dequeue();
            wanted.Remove(key);
            return true;
        }

        key = default!;
        return false;
    }
}
