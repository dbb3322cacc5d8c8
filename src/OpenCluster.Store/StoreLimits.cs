using System.Text;

namespace OpenCluster.Store;

/// <summary>What every store accepts. The same for all implementations, so that moving from one to another never meets a document that does not fit.</summary>
public static class StoreLimits
{
    /// <summary>A key is 1 to 512 bytes of UTF-8 without control characters.</summary>
    public const int MaxKeyBytes = 512;

    /// <summary>A value is 0 bytes to 1 MiB.</summary>
    public const int MaxValueBytes = 1024 * 1024;

    /// <summary>A transaction's conditions and changes name at most 128 different keys (etcd's default for operations in a transaction).</summary>
    public const int MaxTransactionKeys = 128;

    /// <summary>A transaction's keys and values together: 1.25 MiB, which fits etcd's default request of 1.5 MiB with its framing.</summary>
    public const int MaxTransactionBytes = MaxValueBytes + (256 * 1024);

    /// <summary>Shorter leases would end by the hiccups of a busy machine; etcd's own minimum is the same.</summary>
    public static readonly TimeSpan MinLeaseTimeToLive = TimeSpan.FromSeconds(2);

    /// <summary>Longer than a day is not a lease but a document.</summary>
    public static readonly TimeSpan MaxLeaseTimeToLive = TimeSpan.FromDays(1);

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static void CheckKey(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        CheckPrefix(key);
    }

    internal static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.AsSpan().ContainsAnyInRange('\0', '\u001f'))
            throw new ArgumentException($"The key '{Printable(prefix)}' has control characters; leave them out.");
        if (ByteCount(prefix) > MaxKeyBytes)
            throw new ArgumentException($"The key '{prefix[..64]}…' is longer than {MaxKeyBytes} bytes; shorten it.");
    }

    internal static void CheckValue(string key, int lengthBytes)
    {
        if (lengthBytes > MaxValueBytes)
            throw new ArgumentException($"The document '{key}' has {lengthBytes} bytes; the most is {MaxValueBytes}. Split it or store it elsewhere.");
    }

    /// <summary>The time to live as the store grants it, in whole seconds.</summary>
    internal static TimeSpan RoundTimeToLive(TimeSpan timeToLive)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeToLive, MinLeaseTimeToLive);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeToLive, MaxLeaseTimeToLive);
        return TimeSpan.FromSeconds(Math.Ceiling(timeToLive.TotalSeconds));
    }

    private static int ByteCount(string key)
    {
        try
        {
            return StrictUtf8.GetByteCount(key);
        }
        catch (EncoderFallbackException broken)
        {
            throw new ArgumentException($"The key has half of a surrogate pair at {broken.Index}; keys are well-formed text.", broken);
        }
    }

    private static string Printable(string text) =>
        string.Concat(text.Take(64).Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
}
