namespace OpenCluster.Benchmarks.Reporting;

internal static class Statistics
{
    /// <summary>The middle one, or the mean of the two in the middle. One disturbed round does not move it, as it would a mean.</summary>
    public static double Median(this IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) throw new ArgumentException("The median of nothing was asked for: no round was measured.", nameof(values));
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
