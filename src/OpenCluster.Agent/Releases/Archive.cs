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
        while (Damaging(() => tar.GetNextEntry()) is { } entry)
        {
            if (++entries > limits.Entries) throw new InvalidDataException($"the archive has more than {limits.Entries} entries");
            if ((bytes += entry.Length) > limits.Bytes) throw new InvalidDataException($"the archive unpacks to more than {limits.Bytes >> 20} MiB");
            if (Inside(root, entry.Name) is not { } path) continue;
            NoLinkOnTheWay(root, path, entry.Name);
            Place(entry, root, path, writable);
        }
    }

    // What a reader of a damaged archive may meet is not one kind of exception; only these come from the bytes, not from our disk.
    private static T Damaging<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception damaged) when (damaged is EndOfStreamException or FormatException or ArgumentException or NotSupportedException or OverflowException or InvalidOperationException)
        {
            throw new InvalidDataException($"the archive is damaged: {damaged.Message}", damaged);
        }
    }

    private static void Place(TarEntry entry, string root, string path, bool writable)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (File.Exists(path)) NothingThere(path, entry.Name);
                AgentDirectory.Make(path);
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                AgentDirectory.Make(Path.GetDirectoryName(path)!);
                NothingThere(path, entry.Name);
                using (var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write)) Copy(entry.DataStream, to);
                File.SetUnixFileMode(path, (entry.Mode & NeverWritable) | Readable | (writable ? UnixFileMode.UserWrite : UnixFileMode.None));
                break;
            case TarEntryType.SymbolicLink:
                var leads = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, entry.LinkName));
                if (Path.IsPathRooted(entry.LinkName) || !Below(root, leads) || ClimbsAgain(entry.LinkName))
                    throw new InvalidDataException($"the archive's link {entry.Name} leads out of it, to {entry.LinkName}");
                AgentDirectory.Make(Path.GetDirectoryName(path)!);
                NothingThere(path, entry.Name);
                File.CreateSymbolicLink(path, entry.LinkName);
                break;
            case TarEntryType.GlobalExtendedAttributes or TarEntryType.ExtendedAttributes:
                break;
            default:
                throw new InvalidDataException($"the archive's entry {entry.Name} is a {entry.EntryType}; only files, directories and symbolic links are taken");
        }
    }

    private static void Copy(Stream? from, FileStream to)
    {
        if (from is null) return;
        var buffer = new byte[81920];
        for (int read; (read = Damaging(() => from.Read(buffer))) > 0;) to.Write(buffer, 0, read);
    }

    private static void NothingThere(string path, string name)
    {
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
            throw new InvalidDataException($"the archive holds {name} twice");
    }

    // "a/../.." means another place when a is itself a link: ".." is understood only at the beginning.
    private static bool ClimbsAgain(string link) => link.Split('/').SkipWhile(part => part is "..").Contains("..");

    private static string? Inside(string root, string name)
    {
        if (name.StartsWith('/') || name.Contains('\0') || name.Split('/').Contains(".."))
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
