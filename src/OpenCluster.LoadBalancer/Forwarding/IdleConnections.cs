namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// Connections to one target that wait for the next request; the one used last is taken first, so that the others grow old and close.
/// Never more than <see cref="Most"/>, none longer than <see cref="KeptFor"/>.
/// </summary>
internal sealed class IdleConnections
{
    private const int Most = 256;

    /// <summary>Below what servers keep them for, so that we close first, with nothing on the way (Node.js: 5 s).</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(4);

    private readonly Lock _stackGate = new();
    private readonly TargetConnection[] _stack = new TargetConnection[Most];
    private int _count;
    private int _closings;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Changes with <see cref="CloseAll"/>: a connection taken before may not come back.</summary>
    public int Epoch => Volatile.Read(ref _closings);

    public bool TryTake(out TargetConnection connection)
    {
        while (true)
        {
            lock (_stackGate)
            {
                if (_count == 0)
                {
                    connection = null!;
                    return false;
                }
                connection = _stack[--_count];
                _stack[_count] = null!;
            }
            connection.Within(null);
            if (!connection.IsClosed) return true;
        }
    }

    public void Return(TargetConnection connection, int epoch)
    {
        connection.Reuse();
        connection.Within(KeptFor);
        lock (_stackGate)
        {
            if (_count < Most && epoch == _closings)
            {
                _stack[_count++] = connection;
                return;
            }
        }
        connection.Close();
    }

    public void CloseAll()
    {
        TargetConnection[] closed;
        lock (_stackGate)
        {
            _closings++;
            closed = _stack[.._count];
            Array.Clear(_stack, 0, _count);
            _count = 0;
        }
        foreach (var connection in closed) connection.Close();
    }

    /// <summary>Drops the ones that have grown too old, from the bottom, where the oldest lie.</summary>
    public void Trim()
    {
        if (Count == 0) return;
        lock (_stackGate)
        {
            var dead = 0;
            while (dead < _count && _stack[dead].IsClosed) dead++;
            if (dead == 0) return;
            Array.Copy(_stack, dead, _stack, 0, _count - dead);
            Array.Clear(_stack, _count - dead, dead);
            _count -= dead;
        }
    }
}
