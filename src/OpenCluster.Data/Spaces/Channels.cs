using System.Runtime.InteropServices;
using OpenCluster.Data.Commands;
using OpenCluster.Data.Execution;

namespace OpenCluster.Data.Spaces;

/// <summary>Who listens to which channels of a space, and to which patterns. Nothing is kept for who does not listen.</summary>
internal sealed class Channels
{
    private readonly Dictionary<byte[], HashSet<Session>> byName = new(ByteKeys.Instance);
    private readonly Dictionary<byte[], HashSet<Session>> byPattern = new(ByteKeys.Instance);

    public IEnumerable<byte[]> Names => byName.Keys;

    /// <summary>Different patterns that somebody listens to.</summary>
    public int Patterns => byPattern.Count;

    public bool IsEmpty => byName.Count == 0 && byPattern.Count == 0;

    public int Listeners(ReadOnlySpan<byte> name) => byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var listeners) ? listeners.Count : 0;

    public void Add(byte[] name, Session session, bool isPattern)
    {
        ref var listeners = ref CollectionsMarshal.GetValueRefOrAddDefault(isPattern ? byPattern : byName, name, out _);
        (listeners ??= []).Add(session);
    }

    public void Remove(byte[] name, Session session, bool isPattern)
    {
        var all = isPattern ? byPattern : byName;
        if (!all.TryGetValue(name, out var listeners)) return;
        listeners.Remove(session);
        if (listeners.Count == 0) all.Remove(name);
    }

    /// <summary>Tells all who listen.</summary>
    /// <returns>How many times it was told.</returns>
    public int Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        var told = 0;
        if (byName.Count > 0 && byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(channel, out var listeners))
        {
            foreach (var session in listeners) session.Tell(channel, message);
            told += listeners.Count;
        }
        foreach (var (pattern, matching) in byPattern)
        {
            if (!Glob.Matches(pattern, channel)) continue;
            foreach (var session in matching) session.Tell(channel, message, pattern);
            told += matching.Count;
        }
        return told;
    }
}
