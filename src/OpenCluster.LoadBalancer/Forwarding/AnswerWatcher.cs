using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Forwarding;

/// <summary>
/// Follows one exchange for a <see cref="RouteStep"/>: changes what the target is asked, sees the answer as it passes (to keep it), may put
/// another in its place (304 → the one that was kept), and may help when there is none. One object per exchange; called by one thread at a time.
/// </summary>
internal abstract class AnswerWatcher
{
    /// <summary>Known fields of the request that the target does not get; a set of <see cref="FieldIds.Bit"/>.</summary>
    public virtual ulong DroppedFields => 0;

    /// <summary>Lines added to the request, each with its CRLF.</summary>
    public virtual ReadOnlySpan<byte> AddedFields => default;

    /// <summary>
    /// The head of the target's final answer. True to answer in its place: nothing of it is passed on, <see cref="AnswerAsync"/> is called
    /// once its body, if any, has gone by through <see cref="Body"/>.
    /// </summary>
    public virtual bool Takes(ResponseHead head, ReadOnlySpan<byte> bytes) => false;

    /// <summary>Answers in place of the target.</summary>
    public virtual ValueTask AnswerAsync(ClientConnection client) => throw new NotSupportedException($"{GetType().Name} took an answer and has none of its own.");

    /// <summary>Lines added to the answer that is passed on, each with its CRLF; asked for after <see cref="Takes"/>.</summary>
    public virtual ReadOnlySpan<byte> AnswerFields => default;

    /// <summary>A piece of the answer's body, without framing. Only for as long as the call lasts.</summary>
    public virtual void Body(ReadOnlySpan<byte> piece)
    {
    }

    /// <summary>The exchange is over. Always called, exactly once.</summary>
    /// <param name="whole">A target's answer went by to its very end.</param>
    public virtual void End(bool whole)
    {
    }

    /// <summary>No target gave an answer, and the client would be told so with <paramref name="status"/>. True when it has been answered hereby.</summary>
    public virtual ValueTask<bool> TryRescueAsync(ClientConnection client, int status) => new(false);
}
