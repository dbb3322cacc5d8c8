namespace OpenCluster.Controller.Trust;

/// <summary>Tells the log of callers who were not talked to, at most once a minute, so that nobody can fill a disk by knocking.</summary>
internal sealed partial class Refusals(TimeProvider time)
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(1);

    private readonly Lock _counting = new();
    private ILogger? _log;
    private long _toldAt;
    private int _since;

    public void TellTo(ILogger log) => _log = log;

    public void Tell(string why)
    {
        int count;
        lock (_counting)
        {
            _since++;
            if (_log is null || (_toldAt != 0 && time.GetElapsedTime(_toldAt) < TellEvery)) return;
            (count, _since, _toldAt) = (_since, 0, time.GetTimestamp());
        }

        LogRefused(_log, count, why);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} callers were not talked to, the last one because {Why}")]
    private static partial void LogRefused(ILogger log, int count, string why);
}
