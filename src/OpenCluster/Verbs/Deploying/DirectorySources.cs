using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Verbs.Deploying;

/// <summary>
/// Services whose source is a working directory: only the command line can see it, so it packs, uploads and deploys them after a
/// file was applied. What is the same as what runs changes nothing.
/// </summary>
internal static class DirectorySources
{
    /// <param name="baseDirectory">What relative paths are relative to: the directory of the cluster file.</param>
    public static async Task DeployAsync(ApiClient api, Cluster cluster, string baseDirectory, CancellationToken ct)
    {
        foreach (var service in cluster.Services)
        {
            if (service.Source?.Directory is not { } directory) continue;
            var digest = await UploadAsync(api, new DirectoryInfo(Path.GetFullPath(directory, baseDirectory)), ct).ConfigureAwait(false);
            await api.DeployAsync(new DeployRequest { Service = service.Name, SourceDigest = digest, Why = "working directory" }, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Packs a directory as it is, hands it to the controller, and answers its digest.</summary>
    public static async Task<string> UploadAsync(ApiClient api, DirectoryInfo directory, CancellationToken ct)
    {
        var archive = await WorkingDirectory.PackAsync(directory, ct).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            return (await api.UploadSourceAsync(archive, ct).ConfigureAwait(false)).Digest;
        }
    }
}
