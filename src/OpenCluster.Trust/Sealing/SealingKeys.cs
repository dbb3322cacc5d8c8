using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Trust.Files;

namespace OpenCluster.Trust.Sealing;

/// <summary>
/// Keys that seal small contents (AES-256-GCM, NIST SP 800-38D). The newest seals; all of them open, so that a rotation can seal anew what
/// there is while it goes on being read. What a content is about is bound to it: one box cannot be put in another's place.
/// </summary>
/// <remarks>
/// A box: one byte for the format, 8 bytes for the key's id, a nonce of 12, a tag of 16, the content. Nonces are random: with one key no more
/// than 2³² boxes should be made, which a cluster's secrets never come near. Immutable.
/// </remarks>
public sealed class SealingKeys
{
    private const byte Format = 1;
    private const int KeyBytes = 32, IdBytes = 8, NonceBytes = 12, TagBytes = 16;
    private const int Head = 1 + IdBytes + NonceBytes + TagBytes;

    private readonly ImmutableArray<(string Id, byte[] Key)> _keys;

    private SealingKeys(ImmutableArray<(string Id, byte[] Key)> keys) => _keys = keys;

    /// <summary>Which key seals; says nothing of the key.</summary>
    public string Newest => _keys[0].Id;

    /// <summary>The keys of a file; without a file it is made, with one key.</summary>
    /// <exception cref="CryptographicException">The file is damaged, or others may read it.</exception>
    public static SealingKeys Open(string path)
    {
        if (!File.Exists(path))
        {
            var fresh = new SealingKeys([New()]);
            fresh.Write(path);
            return fresh;
        }

        if (!PrivateFile.IsPrivate(path)) throw new CryptographicException($"{path} holds keys and others may read it: chmod 600 {path}, and rotate the key.");
        try
        {
            var keys = File.ReadAllLines(path).Where(l => l.Length > 0).Select(l => Convert.FromBase64String(l)).Select(k => (IdOf(k), k)).ToImmutableArray();
            return keys.Length > 0 && keys.All(k => k.k.Length == KeyBytes) ? new SealingKeys(keys) : throw new CryptographicException($"{path} is damaged: each line should be a key.");
        }
        catch (FormatException damaged)
        {
            // Without the line: it may be half a key.
            throw new CryptographicException($"{path} is damaged: each line should be a key.", damaged);
        }
    }

    /// <summary>One key that follows from something secret that is kept elsewhere, for this purpose alone (HKDF, RFC 5869).</summary>
    public static SealingKeys From(ReadOnlySpan<byte> secret, string purpose)
    {
        var key = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, [], Encoding.UTF8.GetBytes(purpose));
        return new SealingKeys([(IdOf(key), key)]);
    }

    /// <summary>The same with a new key in front.</summary>
    public SealingKeys WithNewKey() => new(_keys.Insert(0, New()));

    /// <summary>The newest, and those that something is still sealed with.</summary>
    public SealingKeys Only(IReadOnlySet<string> used) => new([_keys[0], .. _keys.Skip(1).Where(k => used.Contains(k.Id))]);

    /// <summary>Writes them for the owner alone, newest first.</summary>
    public void Write(string path) => PrivateFile.Write(path, string.Concat(_keys.Select(k => Convert.ToBase64String(k.Key) + "\n")));

    /// <param name="about">What it is and whose, in the same words when it is opened.</param>
    public byte[] Seal(ReadOnlySpan<byte> content, string about)
    {
        var box = new byte[Head + content.Length];
        box[0] = Format;
        Convert.FromHexString(_keys[0].Id).CopyTo(box, 1);
        var nonce = box.AsSpan(1 + IdBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_keys[0].Key, TagBytes);
        aes.Encrypt(nonce, content, box.AsSpan(Head), box.AsSpan(1 + IdBytes + NonceBytes, TagBytes), Encoding.UTF8.GetBytes(about));
        return box;
    }

    /// <summary>The content; null when the key it was sealed with is not here.</summary>
    /// <exception cref="CryptographicException">It was changed, or is about something else.</exception>
    public byte[]? Open(ReadOnlySpan<byte> box, string about)
    {
        if (KeyOf(box) is not { } id || _keys.FirstOrDefault(k => k.Id == id).Key is not { } key) return null;
        var content = new byte[box.Length - Head];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(box.Slice(1 + IdBytes, NonceBytes), box[Head..], box.Slice(1 + IdBytes + NonceBytes, TagBytes), content, Encoding.UTF8.GetBytes(about));
        return content;
    }

    /// <summary>Id of the key a box was sealed with; null for what is no box.</summary>
    public static string? KeyOf(ReadOnlySpan<byte> box) => box.Length >= Head && box[0] == Format ? Convert.ToHexStringLower(box.Slice(1, IdBytes)) : null;

    private static (string Id, byte[] Key) New()
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        return (IdOf(key), key);
    }

    private static string IdOf(byte[] key) => Convert.ToHexStringLower(SHA256.HashData([.. "opencluster key id"u8, .. key]))[..(2 * IdBytes)];
}
