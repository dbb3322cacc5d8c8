using OpenCluster.Controller.Conducting;

namespace OpenCluster.Controller.Files;

/// <summary>Deletes archives whose release is no longer kept, and sources that were uploaded and never used. The conductor decides what is kept; this only follows.</summary>
internal sealed partial class FileSweeper(ClusterLoop loop, ArchiveFiles files, TimeProvider time, ILogger<FileSweeper> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>Between an upload and the deploy that names it.</summary>
    private static readonly TimeSpan SourceGrace = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken ct)
    {
        using var tick = new PeriodicTimer(Every, time);
        try
        {
            do await RoundAsync(ct);
            while (await tick.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The controller stops.
        }
    }

    private async Task RoundAsync(CancellationToken ct)
    {
        try
        {
            var view = await loop.ViewAsync(ct);
            var releases = view.Releases().ToList();
            // A deployment that waits for a secret has no release yet.
            var asked = view.Services.SelectMany(s => s.Zones).Select(z => z.Deployments.LastOrDefault()?.SourceDigest);
            var deleted = files.Sweep(
                releases.SelectMany(r => new[] { r.Id, r.BuiltAs }).OfType<string>().ToHashSet(StringComparer.Ordinal),
                releases.Select(r => r.SourceDigest).Concat(asked).OfType<string>().ToHashSet(StringComparer.Ordinal),
                time.GetUtcNow(),
                SourceGrace);
            if (deleted > 0) LogSwept(log, deleted);
        }
        catch (Exception failed) when (!ct.IsCancellationRequested)
        {
            // Space is not freed, nothing else: the next sweep tries again.
            LogFailed(log, failed.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "deleted {Count} archives that are no longer kept")]
    private static partial void LogSwept(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "archives that are no longer kept could not be deleted: {Reason}")]
    private static partial void LogFailed(ILogger log, string reason);
}
