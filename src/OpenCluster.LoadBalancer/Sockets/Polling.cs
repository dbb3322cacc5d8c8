using System.Runtime.InteropServices;

namespace OpenCluster.LoadBalancer.Sockets;

/// <summary>epoll(7) and the eventfd(2) that ends its wait. One thread waits; any may add, remove or wake.</summary>
internal sealed unsafe partial class Polling
{
    public const uint In = 0x1, Out = 0x4, Error = 0x8, HangUp = 0x10, PeerEnded = 0x2000;

    /// <summary>Told once when something changes, not again and again while it lasts (EPOLLET).</summary>
    public const uint Edge = 1u << 31;

    /// <summary>Of several that wait for the same, not all are woken (EPOLLEXCLUSIVE).</summary>
    public const uint Exclusive = 1u << 28;

    private const int CloseOnExec = 0x80000, NonBlocking = 0x800, Add = 1, Remove = 2, InterruptedError = 4;

    /// <summary>Events taken from the kernel at once.</summary>
    private const int Most = 256;

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = DataAt + 8;

    private readonly int _epoll = Made(epoll_create1(CloseOnExec), "epoll_create1");
    private readonly int _wake = Made(eventfd(0, CloseOnExec | NonBlocking), "eventfd");
    private readonly byte[] _events = GC.AllocateArray<byte>(Most * EventBytes, pinned: true);

    public Polling() => Watch(_wake, In | Edge);

    /// <summary>What is being watched stops being so when it is closed.</summary>
    public void Watch(int descriptor, uint events)
    {
        var added = stackalloc byte[EventBytes];
        *(uint*)added = events;
        *(long*)(added + DataAt) = descriptor;
        Made(epoll_ctl(_epoll, Add, descriptor, added), "epoll_ctl");
    }

    /// <summary>For what stays open elsewhere.</summary>
    public void Unwatch(int descriptor) => _ = epoll_ctl(_epoll, Remove, descriptor, null);

    /// <summary>Waits until something has happened; how many things.</summary>
    public int Wait()
    {
        fixed (byte* events = _events)
        {
            var count = epoll_wait(_epoll, events, Most, -1);
            if (count >= 0) return count;
            return Marshal.GetLastPInvokeError() == InterruptedError ? 0 : Made(-1, "epoll_wait");
        }
    }

    /// <summary>What <see cref="Wait"/> has brought. -1 for the descriptor of a mere wake-up.</summary>
    public (int Descriptor, uint Events) this[int index]
    {
        get
        {
            var at = _events.AsSpan(index * EventBytes, EventBytes);
            var descriptor = MemoryMarshal.Read<int>(at[DataAt..]);
            if (descriptor != _wake) return (descriptor, MemoryMarshal.Read<uint>(at));
            long counted;
            _ = read(_wake, &counted, sizeof(long));
            return (-1, 0);
        }
    }

    /// <summary>Ends the wait under way, or the next one.</summary>
    public void Wake()
    {
        var one = 1L;
        _ = write(_wake, &one, sizeof(long));
    }

    private static int Made(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed with error {Marshal.GetLastPInvokeError()}; the load-balancer cannot work without it.");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* added);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initially, int flags);

    [LibraryImport("libc")]
    private static partial nint read(int descriptor, void* into, nuint length);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, void* from, nuint length);
}
