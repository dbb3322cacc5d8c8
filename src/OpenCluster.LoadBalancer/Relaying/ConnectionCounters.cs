namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>What one route of connections or datagrams has done since the process started.</summary>
internal sealed class ConnectionCounters
{
    private long _begun;
    private long _ended;
    private long _failed;
    private long _bytesUp;
    private long _bytesDown;

    /// <summary>Connections, or sessions of UDP.</summary>
    public long Begun => Interlocked.Read(ref _begun);
    public long Open => Begun - Interlocked.Read(ref _ended);
    /// <summary>No target could be reached for them.</summary>
    public long Failed => Interlocked.Read(ref _failed);
    /// <summary>From clients to targets.</summary>
    public long BytesUp => Interlocked.Read(ref _bytesUp);
    public long BytesDown => Interlocked.Read(ref _bytesDown);

    public void Begin() => Interlocked.Increment(ref _begun);
    public void End() => Interlocked.Increment(ref _ended);
    public void CountFailed() => Interlocked.Increment(ref _failed);

    public void CountBytes(long up, long down)
    {
        Interlocked.Add(ref _bytesUp, up);
        Interlocked.Add(ref _bytesDown, down);
    }
}
