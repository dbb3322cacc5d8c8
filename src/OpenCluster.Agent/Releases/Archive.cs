using System.Formats.Tar;
using System.IO.Compression;

namespace OpenCluster.Agent.Releases;

/// <summary>Bounds of what an archive may unpack to.</summary>
internal sealed record ArchiveLimits(long Bytes = 16L << 30, int Entries = 500_000);

/// <summary>
/// Unpacks a tar.gz that may have been made by anybody: nothing outside the target, no devices, no links that lead out, no setuid, bounded
/// in bytes and entries. Files lose their write bits: a release is not changed where it stands.
/// </summary>
internal static class Archive
{
    private const UnixFileMode NeverWritable =
        UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <exception cref="InvalidDataException">It is damaged, or wants what it may not.</exception>
    /// <param name="writable">Keep the owner's write bit: for a source that is built.</param>
    public static void Unpack(string archive, string target, ArchiveLimits limits, bool writable = false)
    {
        AgentDirectory.Make(target);
        var root = Path.GetFullPath(target);
        long bytes = 0;
        var entries = 0;
        using var file = File.OpenRead(archive);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        while (Next(tar) is { } entry)
        {
            if (++entries > limits.Entries) throw new InvalidDataException($"the archive has more than {limits.Entries} entries");
            if ((bytes += entry.Length) > limits.Bytes) throw new InvalidDataException($"the archive unpacks to more than {limits.Bytes >> 20} MiB");
            if (Inside(root, entry.Name) is not { } path) continue;
            NoLinkOnTheWay(root, path, entry.Name);
            Place(entry, root, path, writable);
        }
    }

    private static TarEntry? Next(TarReader tar)
    {
        try
        {
            return tar.GetNextEntry();
        }
        catch (Exception damaged) when (damaged is EndOfStreamException or FormatException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"the archive is damaged: {damaged.Message}", damaged);
        }
    }

    private static void Place(TarEntry entry, string root, string path, bool writable)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                AgentDirectory.Make(path);
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                AgentDirectory.Make(Path.GetDirectoryName(path)!);
                using (var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
                    entry.DataStream?.CopyTo(to);
                File.SetUnixFileMode(path, (entry.Mode & NeverWritable) | Readable | (writable ? UnixFileMode.UserWrite : UnixFileMode.None));
                break;
            case TarEntryType.SymbolicLink:
                var leads = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, entry.LinkName));
                if (Path.IsPathRooted(entry.LinkName) || !Below(root, leads) || ClimbsAgain(entry.LinkName))
                    throw new InvalidDataException($"the archive's link {entry.Name} leads out of it, to {entry.LinkName}");
                AgentDirectory.Make(Path.GetDirectoryName(path)!);
                File.CreateSymbolicLink(path, entry.LinkName);
                break;
            case TarEntryType.GlobalExtendedAttributes or TarEntryType.ExtendedAttributes:
                break;
            default:
                throw new InvalidDataException($"the archive's entry {entry.Name} is a {entry.EntryType}; only files, directories and symbolic links are taken");
        }
    }

    // "a/../.." means another place when a is itself a link: ".." is understood only at the beginning.
    private static bool ClimbsAgain(string link) => link.Split('/').SkipWhile(part => part is "..").Contains("..");

    private static string? Inside(string root, string name)
    {
        if (name.StartsWith('/') || name.Split('/').Contains(".."))
            throw new InvalidDataException($"the archive's entry {name} lies outside of it");
        var path = Path.GetFullPath(Path.Combine(root, name)).TrimEnd('/');
        return path == root ? null : path;
    }

    // A link to a directory, unpacked before, and then a file "below" it: the link stays inside, but nobody needs such an archive.
    private static void NoLinkOnTheWay(string root, string path, string name)
    {
        for (var parent = Path.GetDirectoryName(path)!; parent.Length > root.Length; parent = Path.GetDirectoryName(parent)!)
            if (new FileInfo(parent).LinkTarget is not null)
                throw new InvalidDataException($"the archive's entry {name} lies below a symbolic link");
    }

    private static bool Below(string root, string path) => path == root || path.StartsWith(root + "/", StringComparison.Ordinal);
}
