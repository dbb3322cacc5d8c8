namespace OpenCluster.Store.Journaling;

/// <summary>What a repair took out of a journal.</summary>
/// <param name="File">The damaged file; it is kept as it was beside, under <paramref name="KeptAs"/>.</param>
/// <param name="Offset">Where the damage begins; the file ends there now.</param>
/// <param name="KeptAs">Name of the copy.</param>
/// <param name="LaterFiles">Segments behind it, which do not follow any more; kept beside too.</param>
public sealed record RepairedDamage(string File, long Offset, string KeptAs, IReadOnlyList<string> LaterFiles);

/// <summary>
/// The way out when a journal is damaged and there is no backup: everything up to the damage is kept, everything behind it is put aside.
/// Nothing is deleted.
/// </summary>
public static class JournalRepair
{
    /// <summary>What is put aside has its name with this behind; the journal passes such files over.</summary>
    public const string Suffix = ".damaged";

    private const int CopyBytes = 1024 * 1024;

    /// <summary>Cuts a journal at its first damage.</summary>
    /// <returns>What was done; null when it is whole.</returns>
    /// <exception cref="JournalDamagedException">The damage is in a snapshot, or in the head of a file: there is nothing before it to keep.</exception>
    public static RepairedDamage? Run(IDirectory directory, JournalOptions options)
    {
        ArgumentNullException.ThrowIfNull(directory);
        try
        {
            Journal.Open(directory, options, new Nobody()).Dispose();
            return null;
        }
        catch (JournalDamagedException damage) when (damage.Offset >= FileHeader.Size && FileNames.TrySegment(Path.GetFileName(damage.File), out _))
        {
            var name = Path.GetFileName(damage.File);
            var later = directory.List().Where(other => FileNames.TrySegment(other, out _) && string.CompareOrdinal(other, name) > 0).Order(StringComparer.Ordinal).ToList();
            // From the back, so that a repair that is stopped half-way finds the same damage again.
            foreach (var file in later.AsEnumerable().Reverse()) directory.Rename(file, file + Suffix);
            Copy(directory, name, name + Suffix);
            using (var file = directory.Open(name))
            {
                file.Truncate(damage.Offset);
                file.Sync();
            }
            directory.Sync();
            return new RepairedDamage(name, damage.Offset, name + Suffix, later);
        }
    }

    private static void Copy(IDirectory directory, string from, string to)
    {
        using var source = directory.Open(from);
        using var target = directory.Create(to);
        var part = new byte[CopyBytes];
        for (long at = 0; at < source.Length;)
        {
            var read = source.Read(part, at);
            target.Write(part.AsSpan(0, read), at);
            at += read;
        }
        target.Sync();
    }

    private sealed class Nobody : IJournalReplay
    {
        public void Snapshot(ReadOnlySpan<byte> payload)
        {
        }

        public void Record(long sequence, ReadOnlySpan<byte> payload)
        {
        }
    }
}
