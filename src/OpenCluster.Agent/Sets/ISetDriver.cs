namespace OpenCluster.Agent.Sets;

/// <summary>
/// What an engine must be able to do so that its processes can be a replicated set. One driver speaks to one process on this server;
/// its calls come one after the other. What the process is configured with comes before its start, from the driver's bootstrap.
/// A call that returns has happened; one that throws may have.
/// </summary>
internal interface ISetDriver : IDisposable
{
    /// <summary>What the process says of itself: role, data, lag.</summary>
    Task<DriverStatus> StatusAsync(CancellationToken ct);

    /// <summary>Be primary of this epoch, and write that into the data. Clients' writes stay shut out.</summary>
    Task PromoteAsync(long epoch, CancellationToken ct);

    /// <summary>Follow; clients' writes stay shut out.</summary>
    Task FollowAsync(string address, int port, CancellationToken ct);

    /// <summary>Take no writes, and cut clients, so that no confirmation that still waits for replicas is ever sent.</summary>
    Task FenceAsync(CancellationToken ct);

    /// <summary>Take clients' writes.</summary>
    Task AdmitAsync(CancellationToken ct);

    /// <summary>Of a primary: write how far it has got into the data, for the day when only the data can say it.</summary>
    Task MarkAsync(long epoch, CancellationToken ct);
}

/// <summary>What a process says of itself.</summary>
/// <param name="Loading">It reads its data and answers nothing else yet.</param>
/// <param name="IsPrimary">It follows nobody.</param>
/// <param name="Follows">Whom it follows: <c>ADDRESS:PORT</c>.</param>
/// <param name="LinkUp">It is connected to whom it follows, and in its stream.</param>
/// <param name="Filling">What it held is being replaced by a copy of its primary's data.</param>
/// <param name="Offset">How far it is in its stream.</param>
/// <param name="Silence">For how long it has heard nothing of its primary.</param>
/// <param name="MarkEpoch">Epoch of the last primary whose mark is in the data; 0 for none.</param>
/// <param name="MarkOffset">How far that primary was at its last mark: the data holds at least that.</param>
internal sealed record DriverStatus(
    bool Loading, bool IsPrimary, string? Follows, bool LinkUp, bool Filling, long Offset, TimeSpan Silence, long MarkEpoch, long MarkOffset)
{
    public static DriverStatus StillLoading { get; } = new(true, false, null, false, false, 0, TimeSpan.Zero, 0, 0);
}
