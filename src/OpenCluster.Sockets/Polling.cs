using System.Runtime.InteropServices;

namespace OpenCluster.Sockets;

/// <summary>epoll(7) and the eventfd(2) that ends its wait. One thread waits; any may watch, change or wake.</summary>
public sealed unsafe partial class Polling
{
    public const uint In = 0x1, Out = 0x4, Error = 0x8, HangUp = 0x10, PeerEnded = 0x2000;

    /// <summary>Told once when something changes, not again and again while it lasts (EPOLLET).</summary>
    public const uint Edge = 1u << 31;

    /// <summary>Of several that wait for the same, not all are woken (EPOLLEXCLUSIVE).</summary>
    public const uint Exclusive = 1u << 28;

    private const int CloseOnExec = 0x80000, NonBlocking = 0x800, Add = 1, Remove = 2, Modify = 3, InterruptedError = 4;

    // struct epoll_event is packed on x86-64 and nowhere else.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventBytes = DataAt + 8;

    private readonly int _epoll = Made(epoll_create1(CloseOnExec), "epoll_create1");
    private readonly int _wake = Made(eventfd(0, CloseOnExec | NonBlocking), "eventfd");
    private readonly byte[] _events;
    private readonly int _most;

    /// <param name="most">Events taken from the kernel at once.</param>
    public Polling(int most = 256)
    {
        _most = most;
        _events = GC.AllocateArray<byte>(most * EventBytes, pinned: true);
        // By edges its count need never be read: each addition is an event, and 2^64 of them do not come.
        Watch(_wake, In | Edge);
    }

    /// <summary>What is being watched stops being so when it is closed.</summary>
    public void Watch(int descriptor, uint events) => Control(Add, descriptor, events);

    /// <summary>Other events than before, of one that is being watched.</summary>
    public void Change(int descriptor, uint events) => Control(Modify, descriptor, events);

    /// <summary>For what stays open elsewhere.</summary>
    public void Unwatch(int descriptor) => _ = epoll_ctl(_epoll, Remove, descriptor, null);

    /// <summary>Waits until something has happened; how many things.</summary>
    /// <param name="milliseconds">The longest it waits: then 0. Negative for ever.</param>
    public int Wait(int milliseconds = -1)
    {
        fixed (byte* events = _events)
        {
            var count = epoll_wait(_epoll, events, _most, milliseconds);
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
            return descriptor == _wake ? (-1, 0) : (descriptor, MemoryMarshal.Read<uint>(at));
        }
    }

    /// <summary>Ends the wait under way, or the next one.</summary>
    public void Wake()
    {
        var one = 1L;
        _ = write(_wake, &one, sizeof(long));
    }

    /// <summary>To be called when nobody waits or wakes any more. A loop that lives as long as its process need not.</summary>
    public void Close()
    {
        Kernel.Close(_wake);
        Kernel.Close(_epoll);
    }

    private void Control(int operation, int descriptor, uint events)
    {
        var told = stackalloc byte[16];
        *(uint*)told = events;
        *(long*)(told + DataAt) = descriptor;
        Made(epoll_ctl(_epoll, operation, descriptor, told), "epoll_ctl");
    }

    private static int Made(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed: {Marshal.GetLastPInvokeErrorMessage()} (error {Marshal.GetLastPInvokeError()}); sockets cannot be served without it.");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* told);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initially, int flags);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, void* from, nuint length);
}
