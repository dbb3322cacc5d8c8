using OpenCluster.Benchmarks.Machine;
using OpenCluster.Benchmarks.Publishing;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.Footprint;

/// <summary>What the product costs before it does anything: the size of the download, its start, and a one-server cluster at rest.</summary>
internal sealed class FootprintBench(SingleFile published, TextWriter progress, TimeProvider time)
{
    private const double MegabytesBound = 45;
    private const double VersionMillisecondsBound = 100;
    private const double ClusterMegabytesBound = 120;
    private const double ServingMillisecondsBound = 2000;

    /// <summary>Starts of <c>--version</c>.</summary>
    private const int Starts = 20;

    /// <summary>Starts of a whole cluster, each in a fresh directory.</summary>
    private const int Clusters = 3;

    public async Task<IReadOnlyList<Row>> RunAsync(CancellationToken ct)
    {
        var version = await VersionAsync(ct).ConfigureAwait(false);
        var clusters = new List<OneServer.Figures>();
        for (var i = 1; i <= Clusters; i++)
        {
            clusters.Add(await OneServer.MeasureAsync(published.Path, time, ct).ConfigureAwait(false));
            progress.WriteLine($"cluster {i} of {Clusters}: serving after {clusters[^1].ServingMilliseconds:0} ms; {clusters[^1].Parts}");
        }

        return
        [
            Row.Within("published single file, self-contained", new FileInfo(published.Path).Length / 1e6, "MB", MegabytesBound),
            Row.Within("trim warnings", published.TrimWarnings.Count, "warnings", 0),
            Row.Within("opencluster --version", version, "ms", VersionMillisecondsBound),
            Row.Within("one-server cluster at rest", clusters.Select(c => c.Megabytes).Median(), "MB proportional", ClusterMegabytesBound),
            Row.Within("one-server cluster, from start to serving", clusters.Select(c => c.ServingMilliseconds).Median(), "ms", ServingMillisecondsBound),
        ];
    }

    private async Task<double> VersionAsync(CancellationToken ct)
    {
        var times = new List<double>();
        // The first start reads the file from disk and is left out.
        for (var i = 0; i <= Starts; i++)
        {
            var began = time.GetTimestamp();
            await Command.OutputAsync(published.Path, ["--version"], ct).ConfigureAwait(false);
            if (i > 0) times.Add(time.GetElapsedTime(began).TotalMilliseconds);
        }

        return times.Median();
    }
}
