using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Agent.Connection;
using OpenCluster.Agent.Git;
using OpenCluster.Agent.Instances;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Releases;
using OpenCluster.Agent.Secrets;
using OpenCluster.Agent.Users;
using OpenCluster.Api;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Builds;

/// <summary>
/// Makes one release from its source: 1. fetch, 2. build as a user of its own within limits, 3. pack (the same bytes for the same files),
/// 4. upload. Every step ends: by itself, at a limit, or when the order is taken back.
/// </summary>
internal sealed class Builder(AgentDirectory directory, UserIds users, SecretStore secrets, SecretFiles secretFiles, IController controller, AgentOptions options, AgentLog log, TimeProvider time)
{
    private static readonly TimeSpan PackTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UploadWithin = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UploadAgain = TimeSpan.FromSeconds(2);
    private static readonly ImmutableArray<string> Pack =
    [
        "tar", "--create", "--gzip", "--file", "-", "--format=gnu", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner",
        "--mode=u+rwX,go+rX,go-w", "--hard-dereference", "--exclude-vcs",
    ];

    /// <summary>Ends and removes what an agent that died left half-done; builds start anew.</summary>
    public static void CleanUp(AgentDirectory directory)
    {
        foreach (var left in Adoption.Marked(directory.Builds)) new Session(left.Process.Pid, left.Mark).Kill();
        foreach (var room in Directory.EnumerateDirectories(directory.Builds)) Files.Trees.Delete(room);
    }

    /// <summary>Builds; tells every step to <paramref name="tell"/>. The last word is Done or Failed, except when cancelled.</summary>
    public async Task RunAsync(BuildOrder order, Action<BuildStatus> tell, CancellationToken ct)
    {
        var status = new BuildStatus { ReleaseId = order.ReleaseId };
        try
        {
            using var room = new BuildRoom(directory.Builds, order.ReleaseId, users.ForBuilds());
            var build = order.Build ?? new Build { Run = "" };
            log.Info($"building {order.ReleaseId} of {order.Service}");
            tell(status with { Phase = BuildPhase.Fetching });
            var failure = await SourceAsync(order, build, room, ct);
            status = status with { Message = GitSource.Subject(room.Log) };
            if (failure is null && build.Run.Length > 0)
            {
                tell(status with { Phase = BuildPhase.Building });
                failure = await BuildAsync(order, build, room, ct);
            }
            if (failure is null)
            {
                tell(status with { Phase = BuildPhase.Packing });
                failure = await PackAsync(room, build, ct);
            }
            if (failure is null)
            {
                tell(status with { Phase = BuildPhase.Uploading });
                status = await UploadAsync(order, room, status, ct);
                failure = status.Failure;
            }
            if (failure is not null) log.Warn($"building {order.ReleaseId} failed: {failure.Reason}");
            tell(failure is null ? status with { Phase = BuildPhase.Done } : status with { Phase = BuildPhase.Failed, Failure = failure });
        }
        catch (Exception disk) when (disk is IOException or UnauthorizedAccessException or AgentException or System.ComponentModel.Win32Exception)
        {
            var full = disk is IOException io && ReleaseStore.DiskFull(io);
            tell(status with
            {
                Phase = BuildPhase.Failed,
                Failure = full
                    ? new Failure("disk-full", $"the disk of server {options.ServerName} is full; free some space below {directory.Root}")
                    : new Failure("build-failed", $"the build could not be carried out: {disk.Message}"),
            });
        }
    }

    private async Task<Failure?> SourceAsync(BuildOrder order, Build build, BuildRoom room, CancellationToken ct)
    {
        if (order.SourceDigest is not { } digest)
        {
            return order.Git is { } url
                ? await new GitSource(directory.Git, time).CheckOutAsync(url, order.Commit, order.Branch, room.Source, room.Log, build.DiskBytes, ct)
                : new Failure("source-failed", "the order names neither a repository nor an uploaded source");
        }
        try
        {
            await using (var from = await controller.SourceAsync(digest, ct))
                await Download.ToFileAsync(from, room.Archive, digest, build.DiskBytes, ct);
            await Task.Run(() => Releases.Archive.Unpack(room.Archive, room.Source, new ArchiveLimits(build.DiskBytes), writable: true), ct);
            File.Delete(room.Archive);
            return null;
        }
        catch (Exception refused) when (refused is UnreachableException or ProblemException or InvalidDataException or HttpRequestException)
        {
            return new Failure("source-failed", $"the uploaded source cannot be used: {refused.Message}");
        }
    }

    private async Task<Failure?> BuildAsync(BuildOrder order, Build build, BuildRoom room, CancellationToken ct)
    {
        room.HandOver();
        var environment = InstanceEnvironment.Basics(room.Home);
        environment["TMPDIR"] = room.Temporary;
        environment["CI"] = "true";
        environment["OPENCLUSTER_SERVICE"] = order.Service;
        if (order.Commit is not null) environment["OPENCLUSTER_COMMIT"] = order.Commit;
        environment[Session.MarkVariable] = room.Home;
        if (!order.Secrets.IsEmpty)
        {
            if (await secrets.EnsureAsync(order.Secrets, ct) is { } missing) return missing;
            environment[InstanceStart.SecretsVariable] = secretFiles.Provide(SecretsOf(order), order.Secrets, room.User).Directory;
        }

        var launch = new Launch
        {
            Command = ["/bin/sh", "-c", build.Run],
            Environment = environment,
            Directory = room.Source,
            Log = room.Log,
            User = room.User,
        };
        var limits = new RunLimits("the build", "build", build.TimeLimit, build.MemoryBytes, build.Processes, build.DiskBytes);
        try
        {
            return await new LimitedRun(time).RunAsync(launch, limits, room.Measured, ct);
        }
        finally
        {
            secretFiles.Remove(SecretsOf(order));
        }
    }

    private static string SecretsOf(BuildOrder order) => "build-" + order.ReleaseId;

    private async Task<Failure?> PackAsync(BuildRoom room, Build build, CancellationToken ct)
    {
        // A loop of the archive's own making is impossible: it lies outside of what is packed.
        var launch = new Launch
        {
            Command = ["/bin/sh", "-c", "exec \"$@\" >\"$0\"", room.Archive, .. Pack, "."],
            Environment = InstanceEnvironment.Basics(room.Home).Concat([new("GZIP", "-n")]).ToDictionary(),
            Directory = room.Source,
            Log = room.Log,
        };
        var limits = new RunLimits("packing the release", "pack", PackTime, 1L << 30, 16, build.DiskBytes);
        return await new LimitedRun(time).RunAsync(launch, limits, [room.Archive], ct);
    }

    private async Task<BuildStatus> UploadAsync(BuildOrder order, BuildRoom room, BuildStatus status, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var archive = File.OpenRead(room.Archive);
                var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(archive, ct));
                archive.Seek(0, SeekOrigin.Begin);
                var size = archive.Length;
                await controller.UploadArchiveAsync(order.ReleaseId, archive, ct);
                return status with { Digest = digest, SizeBytes = size };
            }
            catch (Exception away) when (away is UnreachableException or HttpRequestException && time.GetElapsedTime(began) < UploadWithin)
            {
                await Task.Delay(UploadAgain, time, ct);
            }
            catch (Exception refused) when (refused is UnreachableException or HttpRequestException or ProblemException)
            {
                return status with { Failure = new Failure("upload-failed", $"the controller did not take the release: {refused.Message}") };
            }
        }
    }
}
