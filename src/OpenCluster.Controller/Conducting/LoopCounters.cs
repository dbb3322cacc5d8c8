namespace OpenCluster.Controller.Conducting;

/// <summary>Counted by the loop alone, read by the metrics.</summary>
internal sealed class LoopCounters
{
    public long Events;
    public long Commits;
    public long FailedCommits;
    public long SetAside;
}
