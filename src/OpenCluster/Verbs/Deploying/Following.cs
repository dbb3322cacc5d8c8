using System.Collections.Immutable;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Deploying;

/// <summary>Watches deployments to their end and says how each went.</summary>
internal static class Following
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    public static async Task<int> UntilEndedAsync(Call call, ImmutableArray<string> deployments, CancellationToken ct)
    {
        if (deployments.IsEmpty)
        {
            if (call.Json) call.Screen.Json(ImmutableArray<DeploymentView>.Empty, ApiJson.Default.ImmutableArrayDeploymentView);
            else call.Screen.Line("Nothing to deploy: what is asked for already runs.");
            return ExitCode.Done;
        }

        var ended = ImmutableArray.CreateBuilder<DeploymentView>();
        foreach (var id in deployments) ended.Add(await OneAsync(call, id, ct).ConfigureAwait(false));
        if (call.Json) call.Screen.Json(ended.ToImmutable(), ApiJson.Default.ImmutableArrayDeploymentView);
        return ended.All(d => d.Phase == "done") ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task<DeploymentView> OneAsync(Call call, string id, CancellationToken ct)
    {
        var said = "";
        while (true)
        {
            var deployment = await call.Api.DeploymentAsync(id, ct).ConfigureAwait(false);
            if (!call.Json && deployment.Sentence != said)
            {
                said = deployment.Sentence;
                call.Screen.Markup($"{Screen.Plain(deployment.Service)} [grey]→[/] {Screen.Plain(deployment.Zone)}  {Words.Health(deployment.Phase)}  {Screen.Plain(said)}");
            }

            if (deployment.Ended)
            {
                if (!call.Json && deployment.Failure is { } failure) call.Screen.Tell(failure, said);
                return deployment;
            }

            await Task.Delay(Look, TimeProvider.System, ct).ConfigureAwait(false);
        }
    }
}
