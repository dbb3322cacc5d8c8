using System.Collections.Concurrent;

namespace OpenCluster.LoadBalancer.Listening;

/// <summary>Why a connection ended before anything was served on it.</summary>
internal enum GreetingFailure : byte
{
    /// <summary>Not ready within <see cref="Admission.Limits.Greeting"/>.</summary>
    TooSlow,
    /// <summary>More handshakes than <see cref="Admission.Limits.Greetings"/> at one time.</summary>
    TooMany,
    /// <summary>The client left.</summary>
    Gone,
    /// <summary>What came was no TLS; mostly plain HTTP.</summary>
    NotTls,
    /// <summary>No common version or cipher, or a broken handshake; also a client that does not like our certificate.</summary>
    Handshake,
    /// <summary>The client's own certificate is not signed by an authority of the listener, or has ended.</summary>
    ClientCertificate,
    /// <summary>None of the listener's certificates could be read.</summary>
    NoCertificate,
    /// <summary>A trusted proxy sent no PROXY header, or a malformed one.</summary>
    ProxyHeader,
    /// <summary>The client has as many connections open as the listener allows one.</summary>
    TooManyOfOne,
    /// <summary>A connection for which there is no route: no listener's route, or no host of one.</summary>
    NoRoute,
}

/// <summary>What one listener has seen since the process started. Outlives snapshots.</summary>
internal sealed class ListenerCounters
{
    private readonly long[] _failures = new long[Enum.GetValues<GreetingFailure>().Length];
    private long _accepted;
    private long _handshakes;

    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>TLS handshakes that came to a good end.</summary>
    public long Handshakes => Interlocked.Read(ref _handshakes);

    public long Failures(GreetingFailure reason) => Interlocked.Read(ref _failures[(int)reason]);

    public void CountAccepted() => Interlocked.Increment(ref _accepted);
    public void CountHandshake() => Interlocked.Increment(ref _handshakes);
    public void CountFailure(GreetingFailure reason) => Interlocked.Increment(ref _failures[(int)reason]);
}

/// <summary>Counters by the listener's name. Bounded by the names that snapshots have ever used.</summary>
internal sealed class ListenerCounterBook
{
    private readonly ConcurrentDictionary<string, ListenerCounters> _byName = new(StringComparer.Ordinal);

    public ListenerCounters Of(string name) => _byName.GetOrAdd(name, static _ => new ListenerCounters());

    public IEnumerable<(string Name, ListenerCounters Counters)> All => _byName.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value));
}
