using System.Collections.Immutable;
using OpenCluster.Controller.Audit;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Conducting;

/// <summary>What the loop is asked to do; one entry of its queue.</summary>
internal abstract class Work
{
    /// <summary>Tells whoever waits that it was not done.</summary>
    public virtual void Fail(Exception why) { }

    /// <summary>Something was heard; nobody waits for what comes of it, and whoever said it will say it again.</summary>
    public sealed class Heard(ClusterEvent happened) : Work
    {
        public ClusterEvent Happened => happened;
    }

    /// <summary>A line of the story that no event brought about.</summary>
    public sealed class Told(Note note) : Work
    {
        public Note Note => note;
    }

    /// <summary>A look at the state, between two commits.</summary>
    public sealed class Look(Action<Conductor> look, Action<Exception> fail) : Work
    {
        public Action<Conductor> Run => look;
        public override void Fail(Exception why) => fail(why);
    }

    /// <summary>A change that somebody waits for.</summary>
    public sealed class Change(Func<Conductor, Intent> decide) : Work
    {
        /// <summary>Judges the request against the newest state; throws the problem when it cannot be.</summary>
        public Func<Conductor, Intent> Decide => decide;
        public TaskCompletionSource<Done> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public override void Fail(Exception why) => Completion.TrySetException(why);
    }
}

/// <summary>What a change comes down to: an event for the conductor, documents of the shell's own, and who wanted it.</summary>
internal sealed record Intent
{
    public ClusterEvent? Event { get; init; }
    public AuditEntry? Audit { get; init; }
    public ImmutableArray<DocumentWrite> Documents { get; init; } = [];
    /// <summary>What is known only after the event: called with the outcome, adds to the same transaction.</summary>
    public Func<Conductor, Outcome, Intent>? Then { get; init; }
}

/// <summary>The change is durable.</summary>
internal sealed record Done(Outcome Outcome, long Revision);
