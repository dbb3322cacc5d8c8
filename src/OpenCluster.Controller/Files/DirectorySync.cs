using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenCluster.Controller.Files;

/// <summary>A rename is only safe from a power cut once the directory itself is synced, for which .NET has no call.</summary>
internal static partial class DirectorySync
{
    private const int ReadOnly = 0;
    private const int Directory = 0x10000;
    private const int CloseOnExec = 0x80000;

    public static void Sync(string path)
    {
        using var handle = new SafeFileHandle(Open(path, ReadOnly | Directory | CloseOnExec), ownsHandle: true);
        if (handle.IsInvalid || FSync(handle) != 0)
            throw new IOException($"{path} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle handle);
}
