using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Controller.Access;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Trust.Sealing;

namespace OpenCluster.Controller.Secrets;

/// <summary>
/// The values of secrets: sealed in the store, the key in a file outside it. A value is opened only to be handed to an agent, or to see
/// whether a new one is the same.
/// </summary>
/// <param name="keyFile">Mode 0600; whoever has it and the store has the secrets, so a backup should hold one of the two.</param>
internal sealed class SecretVault(string keyFile, DocumentBook<SecretDocument> book, TimeProvider time)
{
    private SealingKeys _keys = SealingKeys.Open(keyFile);

    public DocumentBook<SecretDocument> Book => book;

    /// <summary>Values kept, by version, oldest first.</summary>
    public IEnumerable<(int Version, SecretDocument Document)> ValuesOf(string secretId) =>
        book.All.Select(d => (Of: SecretDocument.Of(d.Key), Document: d.Value)).Where(d => d.Of.SecretId == secretId).OrderBy(d => d.Of.Version).Select(d => (d.Of.Version, d.Document));

    public DocumentWrite Put(string secretId, int version, string name, string by, ReadOnlySpan<byte> value) =>
        book.Put(SecretDocument.NameOf(secretId, version), new SecretDocument { Name = name, Set = time.GetUtcNow(), By = by, Sealed = Keys.Seal(value, About(secretId, version)) });

    public DocumentWrite Delete(string secretId, int version) => book.Delete(SecretDocument.NameOf(secretId, version));

    /// <summary>Null when there is no such value, or the key it was sealed with is not here, or it was tampered with.</summary>
    public byte[]? Open(string secretId, int version)
    {
        if (book.Find(SecretDocument.NameOf(secretId, version)) is not { } document) return null;
        try
        {
            return Keys.Open(document.Sealed, About(secretId, version));
        }
        catch (CryptographicException)
        {
            // Changed on disk: as good as lost, and whoever asks says so.
            return null;
        }
    }

    public bool CanOpen(string secretId, int version) => Open(secretId, version) is { } value && Cleared(value);

    public bool IsSame(string secretId, int version, ReadOnlySpan<byte> value) => Open(secretId, version) is { } kept && CryptographicOperations.FixedTimeEquals(kept, value);

    /// <summary>Step 1 of a rotation: a new key is in the file, beside those that still open what is there.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public string AddKey()
    {
        var keys = Keys.WithNewKey();
        keys.Write(keyFile);
        Volatile.Write(ref _keys, keys);
        return keys.Newest;
    }

    /// <summary>Step 2, in one transaction: everything sealed anew by the newest key. What cannot be opened stays as it is.</summary>
    public ImmutableArray<DocumentWrite> SealAnew() =>
    [
        .. from document in book.All
           let of = SecretDocument.Of(document.Key)
           let value = SealingKeys.KeyOf(document.Value.Sealed) == Keys.Newest ? null : Open(of.SecretId, of.Version)
           where value is not null
           select book.Put(document.Key, document.Value with { Sealed = Keys.Seal(value, About(of.SecretId, of.Version)) }),
    ];

    /// <summary>Step 3, when that is stored: the file holds the newest key, and those that still open something.</summary>
    public void DropOldKeys()
    {
        var keys = Keys.Only(book.All.Values.Select(d => SealingKeys.KeyOf(d.Sealed)).OfType<string>().ToHashSet(StringComparer.Ordinal));
        keys.Write(keyFile);
        Volatile.Write(ref _keys, keys);
    }

    private SealingKeys Keys => Volatile.Read(ref _keys);

    private static bool Cleared(byte[] value)
    {
        CryptographicOperations.ZeroMemory(value);
        return true;
    }

    private static string About(string secretId, int version) => $"secret {secretId} {version}";
}
