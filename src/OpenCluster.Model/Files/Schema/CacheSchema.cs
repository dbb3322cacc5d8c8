using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>cache</c>: answers kept.</summary>
internal static class CacheSchema
{
    private static readonly CacheRule Usual = new();
    private static readonly SizeShape Sizes = Common.Size("64KiB", "64GiB");

    private static readonly Key<long> Size = new("size", Sizes, "Memory for the route's answers, on each load-balancer. The ones used longest ago go first.", Usual.SizeBytes);
    private static readonly Key<long> Largest = new("largest", Common.Size("1KiB", "256MiB"), "Larger answers are not kept.", Usual.LargestBytes);
    private static readonly Key<TimeSpan> FreshFor = new("fresh-for", Common.Duration("0s", "365d"), "How long answers may be used that do not say so themselves; 0s: they are not kept.", Usual.FreshFor);
    private static readonly Key<TimeSpan> WhileRevalidate = new("stale-while-revalidate", Common.Duration("0s", "30d"),
        "How long after that an answer is still served while a new one is fetched, unless it says so itself.", Usual.StaleWhileRevalidate);
    private static readonly Key<TimeSpan> IfError = new("stale-if-error", Common.Duration("0s", "30d"),
        "How long after that an answer is still served when a new one cannot be had, unless it says so itself.", Usual.StaleIfError);

    public static readonly ObjectShape<CacheRule> Shape = new("a cache rule", [Size, Largest, FreshFor, WhileRevalidate, IfError], o => new CacheRule
    {
        SizeBytes = o.Get(Size),
        LargestBytes = o.Get(Largest),
        FreshFor = o.Get(FreshFor),
        StaleWhileRevalidate = o.Get(WhileRevalidate),
        StaleIfError = o.Get(IfError),
    })
    {
        Short = new ShortForm<long, CacheRule>(Sizes, (size, _) => new CacheRule { SizeBytes = size }),
    };
}
