using OpenCluster.Decisions.Sets;

namespace OpenCluster.Agent.Sets;

/// <summary>
/// Lets clients write while the copy is primary and its lease lasts, and shuts them out in time before it ends. A process that is not shut in
/// time is ended: whoever cannot be made to stop must not live.
/// </summary>
/// <param name="failed">The gate could not be moved in time; the process must end.</param>
internal sealed class WriteGate(ActQueue acts, Func<DateTimeOffset> now, Action<string> failed)
{
    private bool? _open = false;
    private DateTimeOffset? _shutBy;
    private DateTimeOffset _spared;
    private WriteLease? _lease;

    /// <summary>A new process begins shut; what an agent left behind may be open.</summary>
    public void Begin(bool found)
    {
        _open = found ? null : false;
        _spared = found ? now() + SetTimes.FoundGrace : DateTimeOffset.MinValue;
        _shutBy = null;
    }

    /// <summary>The copy was fenced, or follows: nothing to shut any more.</summary>
    public void IsShut() => (_open, _shutBy) = (false, null);

    /// <param name="lease">Of the primary that the copy is; null when it is none.</param>
    public void Look(WriteLease? lease)
    {
        Volatile.Write(ref _lease, lease);
        var want = lease?.MayAcknowledge(now() + SetTimes.CloseAhead) == true;
        if (_shutBy is { } by && now() >= by)
        {
            _shutBy = null;
            failed("it could not be kept from taking writes before its lease ended");
            return;
        }

        if (want == _open || (!want && now() < _spared)) return;
        _open = want;
        if (want)
        {
            _shutBy = null;
            // Asked again at the last moment: the act may have waited.
            acts.Do((driver, ct) => Volatile.Read(ref _lease)?.MayAcknowledge(now()) == true ? driver.AdmitAsync(ct) : Task.CompletedTask, null, failed);
        }
        else
        {
            var ends = lease?.HeldUntil ?? now();
            _shutBy = ends > now() + SetTimes.CloseAhead ? ends : now() + SetTimes.CloseAhead;
            acts.Do((driver, ct) => driver.FenceAsync(ct), () => _shutBy = null, failed);
        }
    }
}
