using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Conducting;

/// <summary>The conductor threw. It may have stopped halfway, so it must be made again.</summary>
/// <param name="happened">The event it was given.</param>
/// <param name="place">The service whose stored state is at fault, whatever the event was; null when it is the event.</param>
/// <param name="error">What it threw.</param>
internal sealed class UndecidedException(ClusterEvent happened, ServiceZone? place, Exception error) : Exception(error.Message, error)
{
    public ClusterEvent Event => happened;
    public ServiceZone? Place => place;
    public Exception Error => InnerException!;

    /// <summary>What is set aside: events from there, or the service.</summary>
    public new string Source => place is { } at ? AsideBook.SourceOf(at) : AsideBook.SourceOf(happened);

    /// <summary>Only time asked for the decision, so there is nothing to leave out.</summary>
    public bool OfStateAlone => place is null && happened is ClusterEvent.TimePassed;
}
