using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// Connections to one target that wait for the next request; the one used last is taken first, so that the others grow old and close.
/// Each loop has a stack of its own and looks there first, then at the others': a request should begin and end on one thread, but not at the
/// price of another connection. Never more than <see cref="Most"/> per loop, none longer than <see cref="KeptFor"/>.
/// </summary>
internal sealed class IdleConnections
{
    private const int Most = 256;

    /// <summary>Below what servers keep them for, so that we close first, with nothing on the way (Node.js: 5 s).</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(4);

    private readonly Stack[] _stacks = [.. Enumerable.Range(0, EventLoop.Count).Select(_ => new Stack())];
    private int _closings;

    public int Count => _stacks.Sum(stack => stack.Count);

    /// <summary>Changes with <see cref="CloseAll"/>: a connection taken before may not come back.</summary>
    public int Epoch => Volatile.Read(ref _closings);

    public bool TryTake(out TargetConnection connection)
    {
        var here = EventLoop.IndexHere;
        for (var i = 0; i < _stacks.Length; i++)
        {
            var stack = _stacks[(here + i) % _stacks.Length];
            while (stack.TryPop(out connection))
            {
                connection.Within(null);
                if (!connection.IsClosed) return true;
            }
        }
        connection = null!;
        return false;
    }

    public void Return(TargetConnection connection, int epoch)
    {
        if (connection.Transport.TryGiveBack())
        {
            connection.Close();
            return;
        }
        connection.Reuse();
        connection.Within(KeptFor);
        var stack = _stacks[connection.Transport.Loop?.Index ?? 0];
        if (epoch == Epoch && stack.TryPush(connection))
        {
            // Closed meanwhile: those who did may have looked here before it came.
            if (epoch != Epoch) stack.CloseAll();
            return;
        }
        connection.Close();
    }

    public void CloseAll()
    {
        Interlocked.Increment(ref _closings);
        foreach (var stack in _stacks) stack.CloseAll();
    }

    /// <summary>Drops the ones that have grown too old, from the bottom, where the oldest lie.</summary>
    public void Trim()
    {
        foreach (var stack in _stacks) stack.Trim();
    }

    private sealed class Stack
    {
        private readonly Lock _gate = new();
        private TargetConnection[] _kept = [];
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public bool TryPop(out TargetConnection connection)
        {
            connection = null!;
            if (Count == 0) return false;
            lock (_gate)
            {
                if (_count == 0) return false;
                connection = _kept[--_count];
                _kept[_count] = null!;
                return true;
            }
        }

        public bool TryPush(TargetConnection connection)
        {
            lock (_gate)
            {
                if (_count == Most) return false;
                if (_count == _kept.Length) Array.Resize(ref _kept, Math.Max(4, _count * 2));
                _kept[_count++] = connection;
                return true;
            }
        }

        public void CloseAll()
        {
            TargetConnection[] closed;
            lock (_gate)
            {
                closed = _kept[.._count];
                Array.Clear(_kept, 0, _count);
                _count = 0;
            }
            foreach (var connection in closed) connection.Close();
        }

        public void Trim()
        {
            if (Count == 0) return;
            lock (_gate)
            {
                var dead = 0;
                while (dead < _count && _kept[dead].IsClosed) dead++;
                if (dead == 0) return;
                Array.Copy(_kept, dead, _kept, 0, _count - dead);
                Array.Clear(_kept, _count - dead, dead);
                _count -= dead;
            }
        }
    }
}
