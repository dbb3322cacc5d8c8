using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OpenCluster.Data.Memory;

/// <summary>
/// The native memory of one space: blocks by size class out of slabs, larger ones from the system. It knows what it has handed out to the
/// byte, and a space that is flushed gives all of it back slab by slab. One thread at a time.
/// </summary>
/// <remarks>
/// A block's slab is found by its address, for slabs are aligned; the slab's first bytes say how large its blocks are. So a block needs
/// no header of its own, and nobody who frees one has to know its size.
/// </remarks>
internal sealed unsafe class Arena : IDisposable
{
    private const int HeaderBytes = 64;
    private const nint SlabMask = ~(SlabPool.SlabBytes - 1);

    /// <summary>The head of a slab, or of a large block. Blocks that are free hold the address of the next free one.</summary>
    private struct Slab
    {
        /// <summary>Of each block; of a large one its own.</summary>
        public long BlockBytes;

        /// <summary>-1: a large block.</summary>
        public int SizeClass;

        /// <summary>Blocks in use.</summary>
        public int Used;

        /// <summary>Blocks from here on were never used.</summary>
        public int Fresh;

        public int IsListed;
        public byte* Free;
        public Slab* Previous;
        public Slab* Next;
    }

    /// <summary>For each class the slabs with room, the one in use first.</summary>
    private readonly Slab*[] roomy = new Slab*[SizeClasses.Count];

    private readonly HashSet<nint> slabs = [];
    private readonly HashSet<nint> large = [];

    /// <summary>Bytes of all blocks handed out.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Bytes taken from the system for them: what is used, and what lies free between.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>A block of at least <paramref name="bytes"/>, aligned to 16; what it holds is anything.</summary>
    public byte* Allocate(long bytes)
    {
        if (bytes > SizeClasses.Largest) return AllocateLarge(bytes);
        var sizeClass = SizeClasses.For((int)bytes);
        var slab = roomy[sizeClass];
        if (slab == null) slab = AddSlab(sizeClass);
        byte* block;
        if (slab->Free != null)
        {
            block = slab->Free;
            slab->Free = *(byte**)block;
        }
        else
        {
            block = (byte*)slab + slab->Fresh;
            slab->Fresh += (int)slab->BlockBytes;
        }
        slab->Used++;
        UsedBytes += slab->BlockBytes;
        if (slab->Free == null && slab->Fresh + slab->BlockBytes > SlabPool.SlabBytes) Unlist(slab);
        return block;
    }

    /// <summary>A block of zeros. A large one costs nothing until it is touched: its pages come from the system as zeros.</summary>
    public byte* AllocateZeroed(long bytes)
    {
        var block = Allocate(bytes);
        if (bytes <= SizeClasses.Largest) NativeMemory.Clear(block, (nuint)bytes);
        return block;
    }

    public void Free(byte* block)
    {
        var slab = SlabOf(block);
        UsedBytes -= slab->BlockBytes;
        if (slab->SizeClass < 0)
        {
            ReservedBytes -= slab->BlockBytes + HeaderBytes;
            large.Remove((nint)slab);
            Pages.Return((byte*)slab, slab->BlockBytes + HeaderBytes);
            return;
        }
        *(byte**)block = slab->Free;
        slab->Free = block;
        if (slab->IsListed == 0) List(slab);
        // The last slab with room of its class is kept, so that one block taken and freed over and over costs no slab.
        if (--slab->Used == 0 && slab->Next != null | slab->Previous != null)
        {
            Unlist(slab);
            slabs.Remove((nint)slab);
            ReservedBytes -= SlabPool.SlabBytes;
            SlabPool.Shared.Return((byte*)slab);
        }
    }

    /// <summary>How much the block really holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SizeOf(byte* block) => SlabOf(block)->BlockBytes;

    /// <summary>Every block is gone.</summary>
    public void Reset()
    {
        foreach (var slab in slabs) SlabPool.Shared.Return((byte*)slab);
        foreach (var block in large) Pages.Return((byte*)block, ((Slab*)block)->BlockBytes + HeaderBytes);
        slabs.Clear();
        large.Clear();
        Array.Clear(roomy);
        UsedBytes = ReservedBytes = 0;
    }

    public void Dispose() => Reset();

    /// <summary>What a block of so many bytes will really take.</summary>
    public static long Rounded(long bytes) => bytes <= SizeClasses.Largest ? SizeClasses.SizeOf(SizeClasses.For((int)bytes)) : RoundedLarge(bytes);

    /// <summary>Whole pages, less the header before it.</summary>
    private static long RoundedLarge(long bytes) => Pages.Rounded(bytes + HeaderBytes) - HeaderBytes;

    private byte* AllocateLarge(long bytes)
    {
        var usable = RoundedLarge(bytes);
        var slab = (Slab*)Pages.Take(usable + HeaderBytes, SlabPool.SlabBytes);
        *slab = new Slab { BlockBytes = usable, SizeClass = -1 };
        large.Add((nint)slab);
        UsedBytes += usable;
        ReservedBytes += usable + HeaderBytes;
        return (byte*)slab + HeaderBytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Slab* AddSlab(int sizeClass)
    {
        var slab = (Slab*)SlabPool.Shared.Take();
        *slab = new Slab { BlockBytes = SizeClasses.SizeOf(sizeClass), SizeClass = sizeClass, Fresh = HeaderBytes };
        slabs.Add((nint)slab);
        ReservedBytes += SlabPool.SlabBytes;
        List(slab);
        return slab;
    }

    private void List(Slab* slab)
    {
        slab->IsListed = 1;
        slab->Previous = null;
        slab->Next = roomy[slab->SizeClass];
        if (slab->Next != null) slab->Next->Previous = slab;
        roomy[slab->SizeClass] = slab;
    }

    private void Unlist(Slab* slab)
    {
        slab->IsListed = 0;
        if (slab->Previous != null) slab->Previous->Next = slab->Next;
        else roomy[slab->SizeClass] = slab->Next;
        if (slab->Next != null) slab->Next->Previous = slab->Previous;
        slab->Previous = slab->Next = null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Slab* SlabOf(byte* block) => (Slab*)((nint)block & SlabMask);
}
