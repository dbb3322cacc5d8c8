using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenCluster.Sockets;

/// <summary>
/// The calls of the kernel on a socket, without anything in between. None of them blocks, except <see cref="SendFile"/> for the disk.
/// Numbers are Linux's own, the same on x86-64 and arm64. Failures come back as negative error numbers (errno(3)), never as exceptions.
/// </summary>
public static unsafe partial class Kernel
{
    public const int Interrupted = -4, WouldBlock = -11, Aborted = -103, IsConnected = -106, Already = -114, InProgress = -115, Canceled = -125;

    private const int InternetStream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int DontWait = 0x40, NoSignal = 0x4000, Peek = 0x2;
    private const int NoWait = 0x8;
    private const int SolSocket = 1, SoLinger = 13, IpProtocolTcp = 6, TcpNoDelay = 1;

    public static int Receive(int socket, Span<byte> into)
    {
        fixed (byte* bytes = into) return Result(recv(socket, bytes, (nuint)into.Length, DontWait));
    }

    public static int Send(int socket, ReadOnlySpan<byte> from)
    {
        fixed (byte* bytes = from) return Result(send(socket, bytes, (nuint)from.Length, DontWait | NoSignal));
    }

    /// <summary>Bytes of a file sent without a copy of ours, 0 at its end. Blocks while the disk is read; never for the socket.</summary>
    public static int SendFile(int socket, SafeFileHandle file, long offset, int count) =>
        Result(sendfile(socket, (int)file.DangerousGetHandle(), &offset, (nuint)count));

    /// <summary>Whether a byte of a file can be had without the disk, as far as the file system can tell. What is read in order was read up to there.</summary>
    public static bool IsInMemory(SafeFileHandle file, long offset)
    {
        byte one;
        var into = stackalloc nint[] { (nint)(&one), 1 };
        return preadv2((int)file.DangerousGetHandle(), into, 1, offset, NoWait) > 0;
    }

    /// <summary>Whether bytes or the end could be received now.</summary>
    public static bool HasInput(int socket)
    {
        byte next;
        return Result(recv(socket, &next, 1, DontWait | Peek)) != WouldBlock;
    }

    /// <summary>A TCP socket for an address of that family, without Nagle's delay; or a negative error number.</summary>
    public static int Socket(AddressFamily family)
    {
        var made = (int)Result(socket(family == AddressFamily.InterNetworkV6 ? 10 : 2, InternetStream | NonBlocking | CloseOnExec, 0));
        if (made >= 0) SetNoDelay(made);
        return made;
    }

    public static int Connect(int socket, SocketAddress to)
    {
        fixed (byte* address = to.Buffer.Span) return Result(connect(socket, address, (uint)to.Size));
    }

    /// <summary>The next connection of a listening socket, which gave it its options; or a negative error number.</summary>
    /// <param name="from"><see cref="PeerAddress.Bytes"/>; filled with the other end's address.</param>
    public static int Accept(int listening, Span<byte> from)
    {
        var length = (uint)from.Length;
        fixed (byte* address = from) return Result(accept4(listening, address, &length, NonBlocking | CloseOnExec));
    }

    public static void SetNoDelay(int socket)
    {
        var on = 1;
        _ = setsockopt(socket, IpProtocolTcp, TcpNoDelay, &on, sizeof(int));
    }

    /// <summary>Its close will be a reset.</summary>
    public static void SetReset(int socket)
    {
        var linger = stackalloc int[] { 1, 0 };
        _ = setsockopt(socket, SolSocket, SoLinger, linger, 2 * sizeof(int));
    }

    /// <summary>How many descriptors this process may have (RLIMIT_NOFILE); .NET has raised it to the hard limit.</summary>
    public static long OpenFiles()
    {
        var limits = stackalloc ulong[2];
        return getrlimit(7, limits) == 0 ? (long)Math.Min(limits[0], long.MaxValue / 4) : 1024;
    }

    /// <summary>How many processors this thread may run on now.</summary>
    public static int Processors()
    {
        const int Most = 1024;
        var mask = stackalloc ulong[Most / 64];
        if (sched_getaffinity(0, Most / 8, mask) != 0) return Environment.ProcessorCount;
        var count = 0;
        for (var i = 0; i < Most / 64; i++) count += BitOperations.PopCount(mask[i]);
        return count;
    }

    public static int EndSending(int socket) => Result(shutdown(socket, 1));

    public static void Close(int descriptor) => _ = close(descriptor);

    private static int Result(nint returned) => returned >= 0 ? (int)returned : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int socket, byte* into, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int socket, byte* from, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendfile(int socket, int file, long* offset, nuint count);

    [LibraryImport("libc")]
    private static partial nint preadv2(int file, nint* into, int count, long offset, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int socket, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int socket, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int socket, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int socket, int how);

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint bytes, ulong* mask);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* limits);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
