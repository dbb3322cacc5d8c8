using System.Globalization;
using System.Security.Cryptography;

namespace OpenCluster.Trust.Passwords;

/// <summary>
/// A password as it is kept: PBKDF2 (RFC 8018) with HMAC-SHA-512 and a salt of its own, written with its parameters, so that raising
/// them later leaves old ones readable. ASP.NET's own hasher does the same but cannot be trimmed.
/// </summary>
public static class PasswordHash
{
    /// <summary>Shorter ones are refused when they are set.</summary>
    public const int MinLength = 12;

    /// <summary>Longer ones are refused before any work is done on them.</summary>
    public const int MaxLength = 256;

    /// <summary>OWASP's figure for PBKDF2 with SHA-512: a tenth of a second, for us once a log-in, for a thief once a guess.</summary>
    private const int Iterations = 210_000;

    private const string Method = "pbkdf2-sha512";
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;

    /// <summary>What a password is compared with when there is no such user, so that the answer takes as long.</summary>
    public static string OfNobody { get; } = Format(Iterations, new byte[SaltBytes], new byte[KeyBytes]);

    public static string Make(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return Format(Iterations, salt, Derive(password, salt, Iterations));
    }

    /// <summary>True when it is the password; takes as long when it is not.</summary>
    public static bool Matches(string password, string kept)
    {
        if (kept.Split('$') is not [Method, var iterations, var salt, var key]) throw new FormatException("A kept password is not of a form that this version knows.");
        var derived = Derive(password, Convert.FromBase64String(salt), int.Parse(iterations, CultureInfo.InvariantCulture));
        return CryptographicOperations.FixedTimeEquals(derived, Convert.FromBase64String(key));
    }

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA512, KeyBytes);

    private static string Format(int iterations, byte[] salt, byte[] key) =>
        string.Create(CultureInfo.InvariantCulture, $"{Method}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}");
}
