namespace OpenCluster.LoadBalancer.Http2;

/// <summary>
/// Frames that cost their sender little and us something, each kind with a budget that fills up again with time and with honest work. Whoever
/// overdraws one is told to calm down and disconnected. Pure: time is handed in.
/// </summary>
internal sealed class FloodGuard(long nowMs)
{
    /// <summary>Streams opened and reset by the client before they were answered (rapid reset, CVE-2023-44487). A browser that leaves a page
    /// resets a hundred at once.</summary>
    private Budget _resets = new(400, 100, nowMs);

    /// <summary>SETTINGS: each must be acknowledged, and may touch every stream.</summary>
    private Budget _settings = new(50, 5, nowMs);

    /// <summary>PING: each is answered. gRPC measures with one per window of data.</summary>
    private Budget _pings = new(500, 100, nowMs);

    /// <summary>Frames that move nothing: empty DATA, PRIORITY, window updates beyond what was sent, frames for streams that are gone, unknown ones.</summary>
    private Budget _idles = new(2000, 500, nowMs);

    /// <summary>Streams refused for being malformed or too many, each answered by a reset.</summary>
    private Budget _errors = new(400, 100, nowMs);

    public bool Reset(long nowMs) => _resets.TryTake(nowMs);

    public bool Settings(long nowMs) => _settings.TryTake(nowMs);

    public bool Ping(long nowMs) => _pings.TryTake(nowMs);

    public bool Idle(long nowMs) => _idles.TryTake(nowMs);

    public bool Error(long nowMs) => _errors.TryTake(nowMs);

    /// <summary>A DATA frame went out: it will be answered by a window update for the stream and one for the connection.</summary>
    public void DataSent() => _idles.Earn(2);

    /// <summary>A request was answered to its end: it earns the right to give one up.</summary>
    public void Answered() => _resets.Earn(1);

    private struct Budget(int most, int perSecond, long nowMs)
    {
        private double _left = most;
        private long _atMs = nowMs;

        public bool TryTake(long nowMs)
        {
            _left = Math.Min(most, _left + (nowMs - _atMs) * perSecond / 1000.0);
            _atMs = nowMs;
            if (_left < 1) return false;
            _left--;
            return true;
        }

        public void Earn(int more) => _left = Math.Min(most, _left + more);
    }
}
