namespace OpenCluster.Store;

/// <summary>Names a lease; positive and never used twice.</summary>
public readonly record struct LeaseId(long Value);

/// <summary>A granted lease.</summary>
/// <param name="Id">Goes into the puts whose documents should end with it.</param>
/// <param name="TimeToLive">How long it lasts after the last keep-alive, as the store rounded it.</param>
public sealed record Lease(LeaseId Id, TimeSpan TimeToLive);
