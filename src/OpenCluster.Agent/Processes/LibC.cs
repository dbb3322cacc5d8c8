using System.Runtime.InteropServices;

namespace OpenCluster.Agent.Processes;

/// <summary>The calls of Linux that .NET has no API for. Each returns what libc returns; <see cref="Marshal.GetLastPInvokeError"/> is errno.</summary>
internal static partial class LibC
{
    public const int SigHup = 1, SigKill = 9, SigTerm = 15;
    public const int LockExclusive = 2, LockNonBlocking = 4;
    public const int OpenReadWrite = 2, OpenCreate = 0x40, OpenCloseOnExec = 0x80000;
    public const short PollIn = 1;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(int fd, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, byte* answer);

    /// <summary>Whose a file is, not following a link; null where it cannot be asked. By statx, whose answer is laid out alike everywhere.</summary>
    public static unsafe uint? OwnerOf(string path)
    {
        const int FromWorkingDirectory = -100, NoFollow = 0x100, AnswerBytes = 256, UidAt = 20;
        const uint Uid = 8;
        var answer = stackalloc byte[AnswerBytes];
        return StatX(FromWorkingDirectory, path, NoFollow, Uid, answer) == 0 ? *(uint*)(answer + UidAt) : null;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static unsafe partial int Poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(int fd, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static unsafe partial nint Write(int fd, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, long a, long b);

    /// <summary>A descriptor that becomes readable when the process ends (Linux 5.3; the number is the same on every architecture).</summary>
    public static int PidFdOpen(int pid) => (int)Syscall(434, pid, 0);
}
