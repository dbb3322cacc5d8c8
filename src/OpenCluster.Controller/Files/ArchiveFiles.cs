using System.Collections.Concurrent;
using System.Security.Cryptography;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.State;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Files;

/// <summary>
/// Release archives and uploaded sources as files: <c>archives/RELEASE.SHA256.tar.gz</c> and <c>sources/SHA256.tar.gz</c>. A file is
/// there whole or not at all: it grows in <c>incoming/</c>, is synced, and then renamed.
/// </summary>
internal sealed class ArchiveFiles
{
    private const string Ending = ".tar.gz";
    private const int BufferBytes = 128 << 10;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly StateDirectory _directory;
    private readonly long _maxBytes;
    private readonly long _reserveBytes;
    private readonly ConcurrentDictionary<string, string> _digests = new(StringComparer.Ordinal);

    public ArchiveFiles(StateDirectory directory, long maxBytes, long reserveBytes)
    {
        (_directory, _maxBytes, _reserveBytes) = (directory, maxBytes, reserveBytes);
        // Uploads that a death cut off.
        foreach (var left in Directory.EnumerateFiles(directory.Incoming)) File.Delete(left);
        foreach (var path in Directory.EnumerateFiles(directory.Archives, "*" + Ending))
        {
            var name = Path.GetFileName(path)[..^Ending.Length];
            var dot = name.LastIndexOf('.');
            if (dot > 0) _digests[name[..dot]] = name[(dot + 1)..];
        }
    }

    /// <summary>Digest of a release's archive, or null while there is none.</summary>
    public string? DigestOf(string releaseId) => _digests.GetValueOrDefault(releaseId);

    public bool HasSource(string digest) => IsDigest(digest) && File.Exists(SourcePath(digest));

    /// <summary>Keeps a release's archive. Repeating an upload is harmless; the last one wins until the release is ready.</summary>
    public async Task<SourceView> StoreArchiveAsync(string releaseId, Stream body, long? lengthBytes, string? expectedDigest, CancellationToken ct)
    {
        var (incoming, view) = await ReceiveAsync(body, lengthBytes, expectedDigest, ct);
        var earlier = DigestOf(releaseId);
        Publish(incoming, ArchivePath(releaseId, view.Digest));
        _digests[releaseId] = view.Digest;
        if (earlier is not null && earlier != view.Digest) File.Delete(ArchivePath(releaseId, earlier));
        return view;
    }

    public async Task<SourceView> StoreSourceAsync(Stream body, long? lengthBytes, string? expectedDigest, CancellationToken ct)
    {
        var (incoming, view) = await ReceiveAsync(body, lengthBytes, expectedDigest, ct);
        Publish(incoming, SourcePath(view.Digest));
        return view;
    }

    /// <summary>
    /// A build is done only when its archive is here: an agent that says otherwise (its upload was lost with a disk, or was another
    /// one) has its build failed instead of being believed.
    /// </summary>
    public BuildStatus Verified(BuildStatus build)
    {
        if (build.Phase != BuildPhase.Done || build.Digest is null || DigestOf(build.ReleaseId) == build.Digest) return build;
        return build with
        {
            Phase = BuildPhase.Failed,
            Failure = new Failure("archive-missing", $"The archive of {build.ReleaseId} did not arrive at the controller as it was built. Deploy again."),
        };
    }

    /// <summary>Path of a release's archive for reading, or null.</summary>
    public string? FindArchive(string releaseId) => DigestOf(releaseId) is { } digest ? ArchivePath(releaseId, digest) : null;

    public string? FindSource(string digest) => HasSource(digest) ? SourcePath(digest) : null;

    /// <summary>Deletes archives of releases that are no more, and sources that nothing refers to and that are older than <paramref name="grace"/>.</summary>
    public int Sweep(IReadOnlySet<string> releases, IReadOnlySet<string> sources, DateTimeOffset now, TimeSpan grace)
    {
        var deleted = 0;
        foreach (var release in _digests.Keys.Where(release => !releases.Contains(release)).ToList())
        {
            if (!_digests.TryRemove(release, out var digest)) continue;
            File.Delete(ArchivePath(release, digest));
            deleted++;
        }

        foreach (var path in Directory.EnumerateFiles(_directory.Sources, "*" + Ending))
        {
            // An upload precedes the deploy that names it: hence the grace.
            if (sources.Contains(Path.GetFileName(path)[..^Ending.Length]) || now.UtcDateTime - File.GetLastWriteTimeUtc(path) < grace) continue;
            File.Delete(path);
            deleted++;
        }

        return deleted;
    }

    public static bool IsDigest(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private async Task<(string Path, SourceView View)> ReceiveAsync(Stream body, long? lengthBytes, string? expectedDigest, CancellationToken ct)
    {
        if (lengthBytes > _maxBytes) throw TooLarge();
        CheckSpace(lengthBytes ?? 0);
        var path = Path.Combine(_directory.Incoming, Guid.NewGuid().ToString("n"));
        try
        {
            var view = await WriteAsync(path, body, ct);
            if (expectedDigest is not null && !string.Equals(expectedDigest, view.Digest, StringComparison.OrdinalIgnoreCase))
            {
                throw Problems.Invalid("Repr-Digest", $"The archive arrived with SHA-256 {view.Digest}, but {expectedDigest} was announced.",
                    "It was damaged on the way: send it again.");
            }

            return (path, view);
        }
        catch (Exception failed)
        {
            File.Delete(path);
            if (failed is IOException { HResult: DiskFull }) throw Problems.NoSpace($"The disk of {_directory.Root} is full.");
            throw;
        }
    }

    private const int DiskFull = 28; // ENOSPC, which .NET on Unix puts into HResult as it is.

    private async Task<SourceView> WriteAsync(string path, Stream body, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = OwnerOnly,
            Options = FileOptions.Asynchronous,
        };
        await using var file = new FileStream(path, options);
        var buffer = new byte[BufferBytes];
        long size = 0, checkAt = 64 << 20;
        for (int read; (read = await body.ReadAsync(buffer, ct)) > 0;)
        {
            size += read;
            if (size > _maxBytes) throw TooLarge();
            if (size >= checkAt)
            {
                // The length may not have been announced, and others fill the disk meanwhile.
                CheckSpace(0);
                checkAt += 64 << 20;
            }

            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        file.Flush(flushToDisk: true);
        return new SourceView(Convert.ToHexStringLower(hash.GetHashAndReset()), size);
    }

    private void CheckSpace(long neededBytes)
    {
        var free = new DriveInfo(_directory.Root).AvailableFreeSpace;
        if (free - neededBytes < _reserveBytes)
        {
            throw Problems.NoSpace(
                $"The disk of {_directory.Root} has {free >> 20} MiB free; {neededBytes >> 20} MiB must fit and {_reserveBytes >> 20} MiB stay free for the store.");
        }
    }

    private static void Publish(string incoming, string path)
    {
        File.Move(incoming, path, overwrite: true);
        DirectorySync.Sync(Path.GetDirectoryName(path)!);
    }

    private Api.ProblemException TooLarge() => Problems.TooLarge(
        $"The archive is larger than {_maxBytes >> 20} MiB.", "Leave out what can be fetched or built, or raise the controller's limit.");

    /// <summary>Release ids are ours (<c>svc-1.r12</c>) and checked to exist before they come here.</summary>
    private string ArchivePath(string releaseId, string digest) => Path.Combine(_directory.Archives, $"{releaseId}.{digest}{Ending}");

    private string SourcePath(string digest) => Path.Combine(_directory.Sources, digest + Ending);
}
