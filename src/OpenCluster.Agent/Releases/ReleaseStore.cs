using System.Security.Cryptography;
using OpenCluster.Agent.Connection;
using OpenCluster.Api;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Releases;

/// <param name="Lasting">Trying again cannot help.</param>
internal sealed record FetchRefusal(Failure Failure, bool Lasting);

/// <summary>
/// Releases on this server: one directory each, complete or absent. An archive is fetched, its digest compared, unpacked beside, and
/// renamed into place; two instances that want the same release share one fetch.
/// </summary>
internal sealed class ReleaseStore(AgentDirectory directory, IController controller, AgentLog log)
{
    /// <summary>The largest archive that is fetched.</summary>
    private const long MostArchiveBytes = 4L << 30;

    private readonly SemaphoreSlim _one = new(1);
    private volatile IReadOnlySet<string>? _wanted;

    public string PathOf(string releaseId) => Path.Combine(directory.Releases, AgentDirectory.Name(releaseId));

    /// <summary>Has the release unpacked on disk. Null: it is there.</summary>
    public async Task<FetchRefusal?> EnsureAsync(ReleaseRef release, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            if (release.Digest is null || Directory.Exists(PathOf(release.Id))) return null;
            await FetchAsync(release, ct);
            return null;
        }
        catch (Exception away) when (away is UnreachableException or HttpRequestException)
        {
            return Refuse("fetch-failed", $"the release could not be fetched: {away.Message}", lasting: false);
        }
        catch (ProblemException problem)
        {
            return Refuse("fetch-failed", $"the controller refused the release: {problem.Message}", lasting: problem.Problem.Status is 404 or 410);
        }
        catch (InvalidDataException damaged)
        {
            return Refuse("bad-archive", damaged.Message, lasting: true);
        }
        catch (IOException disk)
        {
            return Refuse(DiskFull(disk) ? "disk-full" : "fetch-failed", DiskFull(disk)
                ? $"this server's disk is full, so release {release.Number} cannot be unpacked; free some space below {directory.Root}"
                : $"the release could not be fetched: {disk.Message}", lasting: false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Which releases are wanted here from now on; the others go when <see cref="DeleteOthersAsync"/> is next called.</summary>
    public void Want(IReadOnlySet<string> ids) => _wanted = ids;

    /// <summary>Deletes releases that nothing wants any more. Never beside a fetch, and by what is wanted now, not when it was asked for.</summary>
    public async Task DeleteOthersAsync(CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            foreach (var path in Directory.EnumerateDirectories(directory.Releases))
            {
                var name = Path.GetFileName(path);
                if (_wanted is not { } wanted || wanted.Contains(name) || name.StartsWith('.')) continue;
                log.Info($"release {name} is not kept any more and is deleted");
                Delete(path);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Removes what an agent that died left half-done.</summary>
    public void CleanUp()
    {
        foreach (var path in Directory.EnumerateDirectories(directory.Releases, ".*")) Delete(path);
        foreach (var path in Directory.EnumerateFiles(directory.Downloads)) File.Delete(path);
    }

    private async Task FetchAsync(ReleaseRef release, CancellationToken ct)
    {
        var archive = Path.Combine(directory.Downloads, AgentDirectory.Name(release.Id) + ".tar.gz");
        var beside = Path.Combine(directory.Releases, "." + AgentDirectory.Name(release.Id));
        try
        {
            await using (var from = await controller.ArchiveAsync(release.Id, ct))
                await Download.ToFileAsync(from, archive, release.Digest!, MostArchiveBytes, ct);
            Delete(beside);
            await Task.Run(() => Archive.Unpack(archive, beside, new ArchiveLimits()), ct);
            Directory.Move(beside, PathOf(release.Id));
        }
        finally
        {
            File.Delete(archive);
            Delete(beside);
        }
    }

    // Below a release only links lead to persistent data, and a recursive delete removes links without following them.
    private static void Delete(string path) => Files.Trees.Delete(path);

    private FetchRefusal Refuse(string code, string reason, bool lasting)
    {
        log.Warn(reason);
        return new FetchRefusal(new Failure(code, reason), lasting);
    }

    internal static bool DiskFull(IOException error) => (error.HResult & 0xFFFF) is 28 or 112 || error.Message.Contains("No space left", StringComparison.Ordinal);
}

/// <summary>A stream to a file, its digest compared on the way.</summary>
internal static class Download
{
    /// <exception cref="InvalidDataException">It is larger than allowed, or not what the digest says.</exception>
    public static async Task ToFileAsync(Stream from, string path, string digest, long most, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        var buffer = new byte[81920];
        long total = 0;
        for (int read; (read = await from.ReadAsync(buffer, ct)) > 0;)
        {
            total += read;
            if (total > most) throw new InvalidDataException($"the archive is larger than {most >> 20} MiB");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }
        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (!actual.Equals(digest, StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"the archive was damaged on its way or in the store: its SHA-256 is {actual}, not {digest}");
    }
}
