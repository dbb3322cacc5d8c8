using System.Security.Cryptography;
using System.Text;

namespace OpenCluster.Controller.Webhooks;

/// <summary>Whether a delivery was signed by somebody who knows the secret. Compared in constant time.</summary>
/// <remarks>
/// GitHub: <c>X-Hub-Signature-256: sha256=HEX</c>, HMAC-SHA256 of the body. Gitea: <c>X-Gitea-Signature: HEX</c>, the same HMAC.
/// GitLab: <c>X-Gitlab-Token</c>, the secret itself.
/// </remarks>
internal static class Signature
{
    private const string GitHubPrefix = "sha256=";

    public static bool IsValid(IHeaderDictionary headers, ReadOnlySpan<byte> body, string secret)
    {
        if (headers["X-Hub-Signature-256"].ToString() is { Length: > 0 } gitHub)
            return gitHub.StartsWith(GitHubPrefix, StringComparison.Ordinal) && IsHmac(gitHub.AsSpan(GitHubPrefix.Length), body, secret);
        if (headers["X-Gitea-Signature"].ToString() is { Length: > 0 } gitea) return IsHmac(gitea, body, secret);
        return headers["X-Gitlab-Token"].ToString() is { Length: > 0 } gitLab
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(gitLab), Encoding.UTF8.GetBytes(secret));
    }

    private static bool IsHmac(ReadOnlySpan<char> hex, ReadOnlySpan<byte> body, string secret)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Convert.FromHexString(hex, given, out var consumed, out var written) != System.Buffers.OperationStatus.Done
            || consumed != hex.Length || written != given.Length) return false;
        Span<byte> ours = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body, ours);
        return CryptographicOperations.FixedTimeEquals(given, ours);
    }
}
