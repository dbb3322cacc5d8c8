using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenCluster.Data.Server;

/// <summary>What the event loop asks of Linux directly: a small command costs less than what .NET's sockets put around a call.</summary>
internal static unsafe partial class Native
{
    public const uint Readable = 0x001;
    public const uint Writable = 0x004;
    public const uint Failed = 0x008;
    public const uint HungUp = 0x010;

    public const int Add = 1;
    public const int Delete = 2;
    public const int Modify = 3;

    public const int TryAgain = 11;
    public const int Interrupted = 4;
    public const int TooManyFiles = 24;
    public const int TooManyFilesInSystem = 23;

    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int NoSignal = 0x4000;
    private const int Tcp = 6;
    private const int NoDelay = 1;

    /// <summary>The kernel packs its event on x64 and nowhere else.</summary>
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Room for so many events.</summary>
    public static byte[] Events(int count) => GC.AllocateArray<byte>(count * EventBytes, pinned: true);

    public static int EventBytes => IsPacked ? 12 : 16;

    public static (uint Kind, int Descriptor) EventAt(byte[] events, int index)
    {
        ref var at = ref events[index * EventBytes];
        return (Unsafe.ReadUnaligned<uint>(ref at), Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref at, IsPacked ? 4 : 8)));
    }

    public static int CreateEpoll() => Check(EpollCreate(CloseOnExec), "epoll_create1");

    /// <summary>A counter that wakes whoever polls it.</summary>
    public static int CreateWaker() => Check(EventFd(0, CloseOnExec | NonBlocking), "eventfd");

    public static void Control(int epoll, int operation, int descriptor, uint kinds)
    {
        var buffer = stackalloc byte[16];
        Unsafe.WriteUnaligned(buffer, kinds);
        Unsafe.WriteUnaligned(buffer + (IsPacked ? 4 : 8), (long)descriptor);
        Check(EpollControl(epoll, operation, descriptor, buffer), "epoll_ctl");
    }

    /// <summary>How many events came; 0 when the time ran out.</summary>
    public static int Wait(int epoll, byte[] events, int milliseconds)
    {
        fixed (byte* first = events)
        {
            var count = EpollWait(epoll, first, events.Length / EventBytes, milliseconds);
            return count >= 0 ? count : Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(-1, "epoll_wait");
        }
    }

    /// <summary>A new connection that does not block and does not wait to fill its segments; negative: the errno.</summary>
    public static int Accept(int listener, out string peer)
    {
        var address = stackalloc byte[28];
        var length = 28;
        peer = "";
        var descriptor = Accept4(listener, address, &length, CloseOnExec | NonBlocking);
        if (descriptor < 0) return -Marshal.GetLastPInvokeError();
        peer = PeerName.Of(new ReadOnlySpan<byte>(address, length));
        var on = 1;
        _ = SetOption(descriptor, Tcp, NoDelay, &on, sizeof(int));
        return descriptor;
    }

    /// <summary>Bytes received, 0 at the end; negative: the errno.</summary>
    public static int Receive(int descriptor, byte* buffer, int length)
    {
        var count = (int)Recv(descriptor, buffer, (nuint)length, 0);
        return count >= 0 ? count : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Bytes sent; negative: the errno.</summary>
    public static int Send(int descriptor, byte* buffer, int length)
    {
        var count = (int)SendTo(descriptor, buffer, (nuint)length, NoSignal);
        return count >= 0 ? count : -Marshal.GetLastPInvokeError();
    }

    public static void Wake(int waker)
    {
        long one = 1;
        // It can only fail when it has been woken 2^64 times, or is closed because everything ends.
        _ = WriteTo(waker, &one, sizeof(long));
    }

    public static void Drain(int waker)
    {
        long count;
        _ = ReadFrom(waker, &count, sizeof(long));
    }

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    private static int Check(int result, string what) =>
        result >= 0 ? result : throw new IOException($"{what} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, byte* kinds);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint start, int flags);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(int listener, byte* address, int* length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Recv(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendTo(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(int descriptor, int level, int option, int* value, int length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint WriteTo(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadFrom(int descriptor, void* buffer, nuint length);
}
