using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Api.Views;

namespace OpenCluster.Api.Audit;

/// <summary>
/// Every entry of the audit trail carries the hash of the one before it, so that none can be changed, taken out or put in without
/// changing all that came after. Whoever notes the newest hash elsewhere can tell that too. Anyone can verify it: nothing secret goes in.
/// </summary>
public static class AuditChain
{
    /// <summary>SHA-256 over the hash before and every field, each with its length, so that no two entries read the same.</summary>
    public static string HashOf(AuditView entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var field in (string?[])
        [
            entry.Previous, entry.Number.ToString(CultureInfo.InvariantCulture), entry.At.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
            entry.By, entry.From, entry.What, entry.Why, entry.Before, entry.After,
        ])
        {
            var bytes = Encoding.UTF8.GetBytes(field ?? "");
            BinaryPrimitives.WriteInt32BigEndian(length, field is null ? -1 : bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What is wrong with a trail, for a person; null when nothing is.</summary>
    /// <param name="newestFirst">As the controller answers it. The oldest are dropped in time; the chain holds from the oldest kept on.</param>
    /// <param name="noted">A hash noted earlier, which must be among them; null for none.</param>
    public static string? Broken(IReadOnlyList<AuditView> newestFirst, string? noted)
    {
        AuditView? before = null;
        foreach (var entry in newestFirst.Reverse())
        {
            if (entry.Hash is null && before?.Hash is null)
            {
                // Written by a version that had no chain.
                before = entry;
                continue;
            }

            if (entry.Hash != HashOf(entry)) return $"Entry {entry.Number} was changed: its hash is not that of what it says.";
            if (before is not null && entry.Number != before.Number + 1) return $"Entries between {before.Number} and {entry.Number} are missing.";
            if (before?.Hash is { } hash && entry.Previous != hash) return $"Entry {entry.Number} does not follow entry {before.Number}: one of them was replaced.";
            before = entry;
        }

        return noted is not null && newestFirst.All(entry => entry.Hash != noted)
            ? "The hash you noted is not in the trail: it was cut or written anew since, or the entry is older than what is kept."
            : null;
    }
}
