using System.Text.Json.Serialization;

namespace OpenCluster.Benchmarks.Reporting;

/// <summary>One line of a benchmark: what was done, ours, the peer's, and whether the bound was kept. Less is better in every unit.</summary>
/// <param name="Work">What was measured.</param>
/// <param name="Ours">Median of the rounds.</param>
/// <param name="Peer">The peer's median in the same run; null where there is no peer.</param>
/// <param name="Ratio">Ours to the peer; ours to the bound where there is no peer.</param>
/// <param name="Bound">The most the ratio may be; with no peer, the most that <paramref name="Ours"/> may be.</param>
internal sealed record Row(string Work, double Ours, double? Peer, string? PeerName, string Unit, double Ratio, double Bound, bool Ok)
{
    /// <param name="bound">The most that ours may cost, as a multiple of the peer's.</param>
    public static Row Against(string work, double ours, string peerName, double peer, string unit, double bound) =>
        new(work, Rounded(ours), Rounded(peer), peerName, unit, Rounded(ours / peer), bound, ours / peer <= bound);

    /// <param name="bound">The most that ours may be, in <paramref name="unit"/>; zero when there must be none.</param>
    public static Row Within(string work, double ours, string unit, double bound) =>
        new(work, Rounded(ours), null, null, unit, bound > 0 ? Rounded(ours / bound) : ours, bound, ours <= bound);

    /// <summary>Three decimals: finer than anything a noisy machine can tell.</summary>
    private static double Rounded(double value) => Math.Round(value, 3);
}

/// <summary>What <c>--json</c> prints on its last line. Every benchmark keeps this form.</summary>
internal sealed record Report(string Bench, IReadOnlyList<Row> Rows);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
