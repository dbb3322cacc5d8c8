using System.Collections.Immutable;

namespace OpenCluster.Decisions.Registrations;

/// <summary>
/// Values by key, each with the number of its last change: whoever has heard everything up to a number can be told the rest. Bounded by the
/// number of keys, not of changes. Not safe for several threads.
/// </summary>
public sealed class ChangeLog<T>
{
    private readonly Dictionary<string, (long At, T Value)> _values = new(StringComparer.Ordinal);

    /// <param name="UpTo">Everything up to here is in it.</param>
    public readonly record struct Portion(ImmutableArray<T> Values, long UpTo);

    /// <summary>Number of the last change; numbers may be shared with other logs.</summary>
    public long Last { get; private set; }

    public int Count => _values.Count;

    public void Set(string key, T value, long number)
    {
        _values[key] = (number, value);
        Last = number;
    }

    public bool TryGet(string key, out T value)
    {
        var found = _values.TryGetValue(key, out var known);
        value = known.Value;
        return found;
    }

    /// <summary>Forgets a key; nobody is told.</summary>
    public void Forget(string key) => _values.Remove(key);

    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>What changed after a number, oldest first, at most <paramref name="most"/>.</summary>
    public Portion After(long number, int most)
    {
        if (number >= Last) return new Portion([], Last);
        var missing = _values.Values.Where(v => v.At > number).OrderBy(v => v.At).Take(most).ToList();
        return new Portion([.. missing.Select(v => v.Value)], missing.Count < most ? Last : missing[^1].At);
    }
}
