using System.Collections.Immutable;

namespace OpenCluster.Decisions;

/// <summary>What must be on disk (or in the store) before the effects of a decision are carried out.</summary>
public enum Persist
{
    /// <summary>Nothing: after a crash the same events lead to the same state, or losing it is harmless.</summary>
    Nothing,

    /// <summary>The new state, whole. Effects before that would be forgotten, or repeated with another outcome, after a crash.</summary>
    StateFirst,
}

/// <summary>
/// A machine's answer to one event. The shell replaces its state, persists if told to, and only then carries out the effects in
/// order. Effects are idempotent: after a crash between any two steps they may be carried out again.
/// </summary>
public readonly record struct Decision<TState, TEffect>(TState State, Persist Persist, ImmutableArray<TEffect> Effects);

/// <summary>Short ways to write a decision.</summary>
public static class Decision
{
    /// <summary>A new state that needs neither disk nor effects.</summary>
    public static Decision<TState, TEffect> Quietly<TState, TEffect>(TState state) => new(state, Persist.Nothing, []);

    public static Decision<TState, TEffect> Then<TState, TEffect>(TState state, params ReadOnlySpan<TEffect> effects) =>
        new(state, Persist.Nothing, [.. effects]);

    public static Decision<TState, TEffect> PersistThen<TState, TEffect>(TState state, params ReadOnlySpan<TEffect> effects) =>
        new(state, Persist.StateFirst, [.. effects]);
}
