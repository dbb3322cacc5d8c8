using System.Text;

namespace OpenCluster.Store;

/// <summary>
/// Conditions and the changes that happen, all together, if every condition holds. Built by chaining:
/// <c>new Transaction().IfAbsent(a).Put(a, value).Delete(b)</c>. Not to be changed once committed.
/// </summary>
/// <remarks>One condition and one change per key at most; the limits are those of <see cref="StoreLimits"/>.</remarks>
public sealed class Transaction
{
    private readonly Dictionary<string, Condition> conditions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Write> writes = new(StringComparer.Ordinal);
    private int keys;
    private long bytes;

    public IReadOnlyCollection<Condition> Conditions => conditions.Values;

    public IReadOnlyCollection<Write> Writes => writes.Values;

    /// <summary>The key's newest version must be the one put by <paramref name="modRevision"/>; 0 means the key must not exist.</summary>
    public Transaction IfRevision(string key, long modRevision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(modRevision);
        return Require(modRevision == 0 ? new Condition.Absent(key) : new Condition.Revision(key, modRevision));
    }

    /// <summary>The key must not exist.</summary>
    public Transaction IfAbsent(string key) => Require(new Condition.Absent(key));

    /// <summary>The key must exist, in whatever version.</summary>
    public Transaction IfExists(string key) => Require(new Condition.Exists(key));

    /// <summary>Puts the document, new or not. The value is taken as it is, not copied.</summary>
    /// <param name="key">The document's key.</param>
    /// <param name="value">Its bytes.</param>
    /// <param name="lease">The lease it ends with; a put without one detaches the document from a lease it had.</param>
    public Transaction Put(string key, ReadOnlyMemory<byte> value, LeaseId? lease = null)
    {
        StoreLimits.CheckValue(key, value.Length);
        return Change(new Write.Put(key, value, lease), value.Length);
    }

    /// <summary>Deletes the document; nothing happens when there is none.</summary>
    public Transaction Delete(string key) => Change(new Write.Delete(key), 0);

    /// <summary>Whether a condition and a put of this key would still fit the limits.</summary>
    internal bool HasRoomFor(string key, ReadOnlyMemory<byte> value) =>
        keys < StoreLimits.MaxTransactionKeys
        && bytes + (2 * Encoding.UTF8.GetByteCount(key)) + value.Length <= StoreLimits.MaxTransactionBytes;

    private Transaction Require(Condition condition)
    {
        StoreLimits.CheckKey(condition.Key);
        if (!conditions.TryAdd(condition.Key, condition))
            throw new ArgumentException($"The transaction has two conditions for '{condition.Key}'; give one.");
        Count(condition.Key, known: writes.ContainsKey(condition.Key), 0);
        return this;
    }

    private Transaction Change(Write write, int valueBytes)
    {
        StoreLimits.CheckKey(write.Key);
        if (!writes.TryAdd(write.Key, write))
            throw new ArgumentException($"The transaction changes '{write.Key}' twice; give the last change only.");
        Count(write.Key, known: conditions.ContainsKey(write.Key), valueBytes);
        return this;
    }

    private void Count(string key, bool known, int valueBytes)
    {
        if (!known)
            keys++;
        bytes += Encoding.UTF8.GetByteCount(key) + valueBytes;
        if (keys > StoreLimits.MaxTransactionKeys)
            throw new ArgumentException($"A transaction names at most {StoreLimits.MaxTransactionKeys} keys; split it.");
        if (bytes > StoreLimits.MaxTransactionBytes)
            throw new ArgumentException($"A transaction's keys and values have at most {StoreLimits.MaxTransactionBytes} bytes; split it.");
    }
}

/// <summary>What must hold of a key for a transaction to happen.</summary>
public abstract record Condition(string Key)
{
    /// <summary>Whether it holds of a key whose newest version has this revision; 0 when there is none.</summary>
    internal bool HoldsAt(long modRevision) => this switch
    {
        Absent => modRevision == 0,
        Exists => modRevision != 0,
        Revision wanted => modRevision == wanted.ModRevision,
        _ => throw new InvalidOperationException($"no such condition: {this}"),
    };

    public sealed record Revision(string Key, long ModRevision) : Condition(Key);

    public sealed record Absent(string Key) : Condition(Key);

    public sealed record Exists(string Key) : Condition(Key);
}

/// <summary>One change that a transaction makes.</summary>
public abstract record Write(string Key)
{
    public sealed record Put(string Key, ReadOnlyMemory<byte> Value, LeaseId? Lease) : Write(Key);

    public sealed record Delete(string Key) : Write(Key);
}
