using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using OpenCluster.CommandLine;
using OpenCluster.Laptop;

namespace OpenCluster.Verbs.Deploying;

/// <summary>
/// Packs a developer's directory as it is. In a git work tree that is what git tracks or would add (ignored files stay out);
/// elsewhere everything. What `up` keeps beside the file, and what git keeps, never belongs to it.
/// </summary>
internal static class WorkingDirectory
{
    /// <summary>A directory larger than this is a mistake more often than a service.</summary>
    private const long MostBytes = 1L << 30;

    /// <returns>A tar.gz, positioned at its start, in a temporary file that vanishes when disposed.</returns>
    /// <exception cref="IOException">The directory does not exist, is empty, or is larger than 1 GiB.</exception>
    public static async Task<Stream> PackAsync(DirectoryInfo directory, CancellationToken ct)
    {
        if (!directory.Exists) throw new IOException($"{directory.FullName} does not exist.");
        var files = (await GitFilesAsync(directory, ct).ConfigureAwait(false) ?? Files(directory, "")).Where(NotState(directory)).Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0) throw new IOException($"{directory.FullName} has no files to deploy.");

        var archive = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 65536, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        await using (var zip = new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true))
        await using (var tar = new TarWriter(zip, TarEntryFormat.Gnu))
        {
            long total = 0;
            foreach (var file in files)
            {
                var here = new FileInfo(Path.Combine(directory.FullName, file));
                if (!here.Exists && here.LinkTarget is null) continue;
                total += here.LinkTarget is null ? here.Length : 0;
                if (total > MostBytes) throw new IOException($"{directory.FullName} holds more than 1 GiB. Name what does not belong to it in .gitignore.");
                await WriteAsync(tar, here, file, ct).ConfigureAwait(false);
            }
        }

        archive.Position = 0;
        return archive;
    }

    /// <summary>Without times and owners, so that the same files are the same archive, and deploying them twice changes nothing.</summary>
    private static async Task WriteAsync(TarWriter tar, FileInfo file, string name, CancellationToken ct)
    {
        var type = file.LinkTarget is null ? TarEntryType.RegularFile : TarEntryType.SymbolicLink;
        var entry = new GnuTarEntry(type, name)
        {
            Mode = file.UnixFileMode,
            ModificationTime = DateTimeOffset.UnixEpoch,
            AccessTime = DateTimeOffset.UnixEpoch,
            ChangeTime = DateTimeOffset.UnixEpoch,
        };
        if (file.LinkTarget is { } target)
        {
            entry.LinkName = target;
            await tar.WriteEntryAsync(entry, ct).ConfigureAwait(false);
            return;
        }

        await using var content = file.OpenRead();
        entry.DataStream = content;
        await tar.WriteEntryAsync(entry, ct).ConfigureAwait(false);
    }

    /// <summary>Paths from the root on; links are named, never gone through.</summary>
    private static IEnumerable<string> Files(DirectoryInfo directory, string prefix) => directory.EnumerateFileSystemInfos().SelectMany(entry =>
        entry is DirectoryInfo { LinkTarget: null } below ? IsState(below) ? [] : Files(below, prefix + below.Name + "/") : [prefix + entry.Name]);

    /// <summary>git lists the cluster's directory too, unless it is ignored.</summary>
    private static Func<string, bool> NotState(DirectoryInfo root)
    {
        var known = new Dictionary<string, bool>(StringComparer.Ordinal) { [""] = false };
        bool Below(string? directory)
        {
            if (known.TryGetValue(directory ?? "", out var state)) return state;
            return known[directory!] = Below(Path.GetDirectoryName(directory)) || IsState(new DirectoryInfo(Path.Combine(root.FullName, directory!)));
        }

        return file => !Below(Path.GetDirectoryName(file));
    }

    private static bool IsState(DirectoryInfo directory) => directory.Name is Context.DirectoryName or ".git" || File.Exists(Path.Combine(directory.FullName, UpLock.FileName));

    private static async Task<IEnumerable<string>?> GitFilesAsync(DirectoryInfo directory, CancellationToken ct)
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", directory.FullName, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        });
        if (git is null) return null;
        var errors = git.StandardError.ReadToEndAsync(ct);
        var names = await git.StandardOutput.ReadToEndAsync(ct).ConfigureAwait(false);
        await errors.ConfigureAwait(false);
        await git.WaitForExitAsync(ct).ConfigureAwait(false);
        return git.ExitCode == 0 ? names.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
    }
}
