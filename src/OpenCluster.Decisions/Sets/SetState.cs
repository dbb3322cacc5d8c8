using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>A set and what the controller remembers of it. Everything but <see cref="Set"/> is memory, learnt again after a restart.</summary>
public sealed record SetState
{
    private static readonly StringComparer Names = StringComparer.Ordinal;

    public required ReplicatedSet Set { get; init; }

    /// <summary>Silence before this may have been the controller's own.</summary>
    public required DateTimeOffset JudgeFrom { get; init; }

    public ImmutableSortedDictionary<string, Heard<MemberReport>> Members { get; init; } = ImmutableSortedDictionary.Create<string, Heard<MemberReport>>(Names);

    /// <summary>Since when each voter has heard nothing of the primary.</summary>
    public ImmutableSortedDictionary<string, Heard<DateTimeOffset>> Voters { get; init; } = ImmutableSortedDictionary.Create<string, Heard<DateTimeOffset>>(Names);

    /// <summary>Voters that promised the present epoch, and when what they granted before is out.</summary>
    public ImmutableSortedDictionary<string, DateTimeOffset> Promises { get; init; } = ImmutableSortedDictionary.Create<string, DateTimeOffset>(Names);

    /// <summary>Whether copies have been asked what they hold in the present epoch.</summary>
    public bool AskedReports { get; init; }

    /// <summary>When to ask again, look again, or give up waiting; null while there is nothing to wait for.</summary>
    public DateTimeOffset? NextAct { get; init; }

    /// <summary>Told to a person already, so that it is told once.</summary>
    public string? Told { get; init; }

    public static SetState Recover(ReplicatedSet set, DateTimeOffset now) => new() { Set = set, JudgeFrom = now, NextAct = now };

    public MemberReport? Of(string? member) => member is not null && Members.TryGetValue(member, out var heard) ? heard.What : null;
}

/// <summary>Something heard, and when.</summary>
public readonly record struct Heard<T>(T What, DateTimeOffset At);
