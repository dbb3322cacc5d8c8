namespace OpenCluster.Agent.Sets;

/// <summary>What a copy's process and data say together: whose history it holds and how far.</summary>
internal static class SetProgress
{
    /// <summary>More than any offset: all of it.</summary>
    public const long Everything = long.MaxValue;

    /// <param name="primaryOf">The epoch this process is primary of; 0 when it is none.</param>
    /// <returns>Lineage 0 for a copy that is empty or being filled.</returns>
    public static (long Lineage, long Offset) Of(DriverStatus status, long primaryOf, CopyLife life, string boot)
    {
        if (status.Loading || status.Filling) return (0, 0);
        if (primaryOf > 0) return (primaryOf, status.Offset);
        if (status.MarkEpoch == 0) return (0, 0);
        if (life.Exact) return (status.MarkEpoch, status.Offset);
        // Read from disk by a new process. Where it was primary itself, and only the process had died, its log is the whole of that epoch; else
        // the mark says how far it has got at least. Claiming too little can only keep it from being chosen.
        return (status.MarkEpoch, life.PrimaryOf == status.MarkEpoch && life.Boot == boot ? Everything : status.MarkOffset);
    }
}
