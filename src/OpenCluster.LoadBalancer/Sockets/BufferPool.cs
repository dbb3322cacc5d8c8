using System.Buffers;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>
/// Buffers for requests in flight, two each. A stack of our own, because the shared array pool keeps only a few dozen of a size per core and
/// allocates beyond that, which with some hundred requests in flight was 30 KB of garbage per request. The one used last is taken first: it
/// is still in the processor's cache.
/// </summary>
internal static class BufferPool
{
    /// <summary>The largest head fits.</summary>
    public const int Bytes = 32 * 1024;

    /// <summary>Kept at most, 32 MiB; beyond that they are left to the garbage collector.</summary>
    private const int Most = 1024;

    /// <summary>Kept at most by each thread for itself, 512 KiB: a request's two buffers come and go without a lock.</summary>
    private const int MostHere = 16;

    [ThreadStatic]
    private static byte[][]? _here;

    [ThreadStatic]
    private static int _countHere;

    private static readonly Lock StackGate = new();
    private static readonly byte[][] Stack = new byte[Most][];
    private static int _count;

    public static byte[] Rent()
    {
        if (_countHere > 0) return _here![--_countHere];
        lock (StackGate)
        {
            if (_count > 0) return Stack[--_count];
        }
        // Pinned for good: the kernel writes into it while the collector would like to move it.
        return GC.AllocateUninitializedArray<byte>(Bytes, pinned: true);
    }

    /// <summary>Takes back what <see cref="Rent"/> gave, and larger ones from the shared pool.</summary>
    public static void Return(byte[] buffer)
    {
        if (buffer.Length != Bytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }
        _here ??= new byte[MostHere][];
        if (_countHere < MostHere)
        {
            _here[_countHere++] = buffer;
            return;
        }
        lock (StackGate)
        {
            if (_count < Most) Stack[_count++] = buffer;
        }
    }
}
