namespace OpenCluster.Benchmarks;

/// <summary>How long and how often. Longer rounds and more of them make medians steadier and cost only time.</summary>
internal sealed record BenchSettings
{
    /// <summary>Rounds per proxy and workload; the median of them counts. At least 1, default 3.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Length of a round of load, or of the watch over a controller. Whole seconds; null for the benchmark's own default.</summary>
    public TimeSpan? Length { get; init; }

    /// <summary>Agents of the control benchmark. Default 1,000; above 4,000 the usual limit of open files is reached.</summary>
    public int Agents { get; init; } = 1000;
}
