using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpenCluster.Api.Access;

/// <summary>
/// Bearer tokens (RFC 6750): <c>oc_</c> and 32 random bytes in base64url. With that much randomness a plain SHA-256 is as good as a
/// password hash, and fast enough for every request.
/// </summary>
public static class Token
{
    private const string Prefix = "oc_";
    private const int RandomBytes = 32;

    /// <summary>Longer ones are refused before they are hashed.</summary>
    public const int MaxLength = 256;

    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>SHA-256 in lower-case hex: how a token is looked up and kept.</summary>
    public static string HashOf(ReadOnlySpan<char> token)
    {
        Span<byte> utf8 = stackalloc byte[MaxLength * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetBytes(token, utf8);
        SHA256.HashData(utf8[..length], hash);
        return Convert.ToHexStringLower(hash);
    }
}
