using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Verbs.Deploying;
using OpenCluster.Verbs.Files;

namespace OpenCluster.Laptop;

/// <summary>What <c>up</c> and <c>demo</c> do alike: read the file, start its servers here, apply it, deploy working directories.</summary>
internal sealed class UpSteps(Screen screen, TimeProvider time)
{
    /// <param name="baseDirectory">What relative paths in the file are relative to.</param>
    /// <param name="directory">Where the cluster is kept; absolute.</param>
    /// <exception cref="FileInvalidException">The file has mistakes; nothing was started.</exception>
    public async Task<LaptopCluster> BringUpAsync(FileRequest request, string baseDirectory, string directory, CancellationToken ct)
    {
        var file = FileArguments.Read(request);
        if (file.Cluster.Servers.IsEmpty) throw new FileInvalidException([$"{request.FileName}: it has no servers; name at least one, such as `servers: {{laptop: {{roles: [{file.Cluster.Roles.FirstOrDefault()?.Name ?? "webserver"}]}}}}`"]);

        var executable = Environment.ProcessPath ?? throw new IOException("The path of this executable is not known.");
        var cluster = LaptopCluster.Prepare(file.Cluster, directory, executable, time);
        try
        {
            await cluster.StartAsync(ct).ConfigureAwait(false);
            screen.Say($"[green]✓[/] the controller answers at {Screen.Plain(cluster.Context.Url)}");
            await cluster.Api.ApplyAsync(request, ct).ConfigureAwait(false);
            await DirectorySources.DeployAsync(cluster.Api, file.Cluster, baseDirectory, ct).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.StopAsync(CancellationToken.None).ConfigureAwait(false);
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
