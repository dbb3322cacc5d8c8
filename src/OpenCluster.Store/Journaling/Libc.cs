using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenCluster.Store.Journaling;

/// <summary>What .NET has no call for: opening a directory to sync it, and locks that a reader of the file does not trip over.</summary>
internal static partial class Libc
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Directory = 0x10000;
    public const int CloseOnExec = 0x80000;
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const int WouldBlock = 11;
    public const int Interrupted = 4;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int QuotaExceeded = 122;

    /// <summary>Opens or throws an <see cref="IOException"/> whose HResult is the errno.</summary>
    public static SafeFileHandle Open(string path, int flags)
    {
        var descriptor = OpenFile(path, flags | CloseOnExec, 0x180 /* 0600 */);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastError($"cannot open {path}");
    }

    public static void Sync(SafeFileHandle handle, string path)
    {
        while (FSync(handle) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw LastError($"cannot sync {path}");
        }
    }

    /// <summary>Takes the exclusive lock of an open file; false when another process has it.</summary>
    public static bool TryLock(SafeFileHandle handle, string path)
    {
        if (FLock(handle, LockExclusive | LockNonBlocking) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == WouldBlock ? false : throw LastError($"cannot lock {path}");
    }

    private static IOException LastError(string what)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle handle, int operation);
}
