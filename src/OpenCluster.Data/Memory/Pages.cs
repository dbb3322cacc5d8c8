using System.Runtime.InteropServices;

namespace OpenCluster.Data.Memory;

/// <summary>The system has no memory left.</summary>
public sealed class OutOfNativeMemoryException(string message) : Exception(message);

/// <summary>Whole pages of memory from the system (mmap(2)): zeroed, untouched until used, and given back for good.</summary>
internal static unsafe partial class Pages
{
    private const int PageBytes = 4096;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const int DontNeed = 4;

    public static long Rounded(long bytes) => bytes + PageBytes - 1 & ~(PageBytes - 1L);

    /// <param name="bytes">Whole pages.</param>
    /// <param name="alignment">A power of two, of at least a page.</param>
    public static byte* Take(long bytes, long alignment)
    {
        // More than is needed is mapped, and what lies before and after the aligned part is unmapped again.
        var mapped = Map(null, (nuint)(bytes + alignment), ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)mapped == -1) throw new OutOfNativeMemoryException($"The system has no {bytes:N0} bytes left. Give the server more memory, or set --memory so that it stays below.");
        var aligned = (byte*)((nint)mapped + alignment - 1 & ~(nint)(alignment - 1));
        if (aligned > mapped) Return(mapped, aligned - mapped);
        var after = mapped + alignment - aligned;
        if (after > 0) Return(aligned + bytes, after);
        return aligned;
    }

    public static void Return(byte* address, long bytes)
    {
        if (Unmap(address, (nuint)bytes) != 0) throw new InvalidOperationException("munmap refused memory that was mapped before.");
    }

    /// <summary>Keeps the addresses and gives up what they hold. Should the system refuse, nothing is lost but memory.</summary>
    public static void Drop(byte* address, long bytes) => _ = Advise(address, (nuint)bytes, DontNeed);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Map(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(byte* address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* address, nuint length, int advice);
}
