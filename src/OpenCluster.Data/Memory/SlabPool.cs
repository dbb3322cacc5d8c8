namespace OpenCluster.Data.Memory;

/// <summary>
/// Where slabs come from and go back to: 64 KiB each, aligned to their size. They are cut from regions of 4 MiB, which the process keeps;
/// a slab that nobody uses gives its pages back to the system when more than <see cref="KeptSlabs"/> lie idle.
/// </summary>
internal sealed unsafe class SlabPool
{
    public const int SlabBytes = 64 * 1024;
    private const int RegionSlabs = 64;

    /// <summary>8 MiB of idle slabs keep their pages: enough that a load that breathes does not ask the system for them again and again.</summary>
    private const int KeptSlabs = 128;

    public static readonly SlabPool Shared = new();

    private readonly Lock slabs = new();
    private readonly Stack<nint> resident = new();
    private readonly Stack<nint> empty = new();

    /// <summary>A slab whose first bytes may hold anything.</summary>
    public byte* Take()
    {
        lock (slabs)
        {
            if (resident.TryPop(out var slab) || empty.TryPop(out slab)) return (byte*)slab;
            var region = Pages.Take(SlabBytes * RegionSlabs, SlabBytes);
            for (var i = RegionSlabs - 1; i > 0; i--) empty.Push((nint)(region + i * SlabBytes));
            return region;
        }
    }

    public void Return(byte* slab)
    {
        lock (slabs)
        {
            if (resident.Count < KeptSlabs)
            {
                resident.Push((nint)slab);
                return;
            }
            Pages.Drop(slab, SlabBytes);
            empty.Push((nint)slab);
        }
    }
}
