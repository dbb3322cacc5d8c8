namespace OpenCluster.Model.Files;

/// <summary>
/// Bounds on what a cluster file may cost to read, so that a hostile or broken file is an error and never a full memory.
/// The largest cluster we know of (a thousand servers) needs a tenth of each.
/// </summary>
public static class FileLimits
{
    /// <summary>UTF-8 bytes of the whole file.</summary>
    public const int SizeBytes = 1 << 20;

    /// <summary>Maps and lists inside each other, aliases followed.</summary>
    public const int Depth = 32;

    /// <summary>Scalars, maps and lists, an alias counted as everything it stands for.</summary>
    public const int Nodes = 100_000;

    /// <summary>Characters of one text after <c>${name}</c> is filled in.</summary>
    public const int TextLength = 64 << 10;

    /// <summary>Characters that filling in <c>${name}</c> may add to the file in all.</summary>
    public const int FilledLength = 16 << 20;

    /// <summary>Errors reported of one file; further ones are counted only.</summary>
    public const int Errors = 100;
}
