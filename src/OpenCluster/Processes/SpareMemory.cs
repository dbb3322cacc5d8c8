using System.Runtime.InteropServices;

namespace OpenCluster.Processes;

/// <summary>
/// Gives back what a part took to start and does not need any more: pages of the C library's heaps (the compiler works there, and the library
/// keeps what it freed) and, where nobody waits for an answer, of the managed heap. docs/performance.md says what it brings.
/// </summary>
internal static partial class SpareMemory
{
    /// <summary>Soon after the start, then ever more rarely, up to <see cref="Rarest"/>.</summary>
    private static readonly TimeSpan First = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Rarest = TimeSpan.FromMinutes(5);

    /// <param name="heap">Also the managed heap: a collection of all of it, which stops the process for some milliseconds. Not on the data path.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task GiveBackAsync(bool heap, TimeProvider time, CancellationToken ct)
    {
        for (var wait = First; ; wait = wait * 4 < Rarest ? wait * 4 : Rarest)
        {
            await Task.Delay(wait, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ct.IsCancellationRequested) return;
            if (heap) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _ = Trim(0);
        }
    }

    /// <summary>See malloc_trim(3).</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
