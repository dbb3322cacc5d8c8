using OpenCluster.Decisions.Admission;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>What one route has done since the process started. Interlocked, not locked: two or three cores share a line at worst.</summary>
internal sealed class RouteCounters
{
    /// <summary>Upper bounds of the latency histogram, milliseconds; the last bucket has none.</summary>
    public static readonly double[] BucketsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

    private readonly long[] _byClass = new long[6];
    private readonly long[] _buckets = new long[BucketsMs.Length + 1];
    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private long _bytesOut;
    private long _retries;
    private long _waited;
    private long _ownErrors;
    private long _microseconds;

    public ReadOnlySpan<long> ByClass => _byClass;
    public ReadOnlySpan<long> Buckets => _buckets;
    public long BytesOut => Interlocked.Read(ref _bytesOut);
    public long Retries => Interlocked.Read(ref _retries);
    public long Waited => Interlocked.Read(ref _waited);
    /// <summary>Errors the balancer made itself, because no target gave an answer.</summary>
    public long OwnErrors => Interlocked.Read(ref _ownErrors);
    public long Microseconds => Interlocked.Read(ref _microseconds);
    public long Requests
    {
        get
        {
            long sum = 0;
            foreach (var count in _byClass) sum += count;
            return sum;
        }
    }

    public void Count(int status, long bytesOut, long microseconds)
    {
        Interlocked.Increment(ref _byClass[status is >= 100 and < 600 ? status / 100 : 0]);
        Interlocked.Increment(ref _buckets[Bucket(microseconds)]);
        Interlocked.Add(ref _bytesOut, bytesOut);
        Interlocked.Add(ref _microseconds, microseconds);
    }

    public long Refused(Refusal refusal) => Interlocked.Read(ref _refused[(int)refusal]);
    public void CountRefused(Refusal refusal) => Interlocked.Increment(ref _refused[(int)refusal]);
    public void CountRetry() => Interlocked.Increment(ref _retries);
    public void CountWaited() => Interlocked.Increment(ref _waited);
    public void CountOwnError() => Interlocked.Increment(ref _ownErrors);

    private static int Bucket(long microseconds)
    {
        var bucket = 0;
        while (bucket < BucketsMs.Length && microseconds > BucketsMs[bucket] * 1000) bucket++;
        return bucket;
    }
}
