namespace OpenCluster.Controller.Tests.Support;

/// <summary>The real time, some way off: for what depends on dates and not on waiting.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan By { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
}
