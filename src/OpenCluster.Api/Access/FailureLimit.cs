namespace OpenCluster.Api.Access;

/// <summary>
/// Counts wrong tokens and signatures by address: after <see cref="PerWindow"/> in a window the answer becomes "later", so that
/// guessing and log flooding cost the guesser. Right ones are never held up, whoever else shares the address.
/// </summary>
/// <param name="most">Failures of one address (or whatever is counted by) in a window.</param>
public sealed class FailureLimit(TimeProvider time, int most = FailureLimit.PerWindow)
{
    public const int PerWindow = 30;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>Addresses remembered; beyond that the window is cut short for all.</summary>
    private const int MaxAddresses = 4096;

    private readonly Lock _counts = new();
    private readonly Dictionary<string, int> _byAddress = new(StringComparer.Ordinal);
    private long _windowStarted = time.GetTimestamp();

    /// <summary>Failures since the process started.</summary>
    public long Total { get; private set; }

    /// <summary>Records one more failure; true when this address has had too many.</summary>
    public bool Record(string address)
    {
        lock (_counts)
        {
            Total++;
            BeginAnew();
            var failures = _byAddress.GetValueOrDefault(address) + 1;
            _byAddress[address] = failures;
            return failures > most;
        }
    }

    /// <summary>True when this address has had as many as it may.</summary>
    public bool IsOver(string address)
    {
        lock (_counts)
        {
            BeginAnew();
            return _byAddress.GetValueOrDefault(address) >= most;
        }
    }

    private void BeginAnew()
    {
        if (time.GetElapsedTime(_windowStarted) < Window && _byAddress.Count < MaxAddresses) return;
        _byAddress.Clear();
        _windowStarted = time.GetTimestamp();
    }
}
