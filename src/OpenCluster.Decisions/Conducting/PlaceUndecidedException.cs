namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Looking after one service in one zone failed: what is stored of it cannot be decided about, whatever event it was that made the conductor
/// look. The conductor may have stopped halfway and must be made again; with <see cref="Conductor.LeaveOut"/> it goes on without that place.
/// </summary>
public sealed class PlaceUndecidedException(ServiceZone place, Exception error) : Exception(error.Message, error)
{
    public ServiceZone Place => place;
}
