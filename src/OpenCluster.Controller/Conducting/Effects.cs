using System.Collections.Concurrent;
using OpenCluster.Controller.Git;
using OpenCluster.Controller.Streams;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Conducting;

/// <summary>
/// Carries out what has been decided and stored. Runs in the loop, so nothing here waits: asking a remote is started and answers
/// later, as an event.
/// </summary>
internal sealed partial class Effects(CommitResolver git, Boards boards, SetOrders orders, ILogger<Effects> log, CancellationToken stopping)
{
    /// <summary>Deployments whose remote is being asked: the effect may be repeated, the question is not. Bounded by the deployments under way.</summary>
    private readonly ConcurrentDictionary<string, bool> _asking = new(StringComparer.Ordinal);

    public void CarryOut(IEnumerable<ClusterEffect> effects, Conductor conductor, ClusterLoop loop)
    {
        // The same server may have changed with several events of a batch; what it is told is the state after all of them.
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case ClusterEffect.ResolveCommit resolve:
                    if (_asking.TryAdd(resolve.DeploymentId, true)) _ = ResolveAsync(resolve, loop);
                    break;
                case ClusterEffect.TellAgent agent:
                    if (told.Add(agent.ServerId)) boards.PostAssignment(conductor, agent.ServerId);
                    break;
                case ClusterEffect.TellBalancers:
                    if (told.Add("")) boards.PostSnapshots(conductor);
                    break;
                case ClusterEffect.OrderSet order:
                    orders.Send(order.ServerId, order.Order);
                    break;
                case ClusterEffect.Tell tell:
                    LogNote(log, tell.Note.Subject, tell.Note.Text);
                    break;
            }
        }
    }

    private async Task ResolveAsync(ClusterEffect.ResolveCommit ask, ClusterLoop loop)
    {
        try
        {
            ClusterEvent answer = await git.ResolveAsync(ask.Git, ask.Branch, ask.Commit, stopping) switch
            {
                Resolution.Found found => new ClusterEvent.CommitResolved(ask.DeploymentId, found.Commit, found.Message),
                Resolution.NotFound { Failure: var failure } => new ClusterEvent.CommitNotResolved(ask.DeploymentId, failure),
                _ => throw new InvalidOperationException("A resolution is found or not found."),
            };
            _asking.TryRemove(ask.DeploymentId, out _);
            await loop.HearAsync(answer, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next controller asks again.
        }
        catch (Exception failed)
        {
            _asking.TryRemove(ask.DeploymentId, out _);
            LogGit(log, failed, ask.DeploymentId);
            var failure = new Model.Running.Failure("git-failed", $"git could not be run on the controller: {failed.Message}");
            loop.TryHear(new ClusterEvent.CommitNotResolved(ask.DeploymentId, failure));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Subject}: {Text}")]
    private static partial void LogNote(ILogger log, string subject, string text);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Deployment}: git could not be run")]
    private static partial void LogGit(ILogger log, Exception failed, string deployment);
}
