using System.Collections.Immutable;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Connection;

/// <summary>
/// The controller as an agent needs it. Calls throw <see cref="Api.UnreachableException"/> when there is no answer and
/// <see cref="Api.ProblemException"/> when the answer is a refusal.
/// </summary>
public interface IController
{
    /// <summary>This server's assignment now and at each change; comes back by itself when the connection breaks, until cancelled.</summary>
    IAsyncEnumerable<Assignment> AssignmentsAsync(string serverId, CancellationToken ct);

    Task ReportAsync(ServerReport report, CancellationToken ct);

    /// <summary>A release's archive; the caller disposes it and checks the digest.</summary>
    Task<Stream> ArchiveAsync(string releaseId, CancellationToken ct);

    /// <summary>An uploaded source archive; the caller disposes it and checks the digest.</summary>
    Task<Stream> SourceAsync(string digest, CancellationToken ct);

    /// <summary>The values of secrets that this server's instances and builds may have now.</summary>
    Task<ImmutableArray<SecretValueView>> SecretsAsync(string serverId, CancellationToken ct);

    Task UploadArchiveAsync(string releaseId, Stream archive, CancellationToken ct);

    /// <summary>What the controller asks of this server's seats in replicated sets; comes back by itself, until cancelled.</summary>
    IAsyncEnumerable<SetOrder> SetOrdersAsync(string serverId, CancellationToken ct);

    Task SaySetsAsync(string serverId, SetWords words, CancellationToken ct);

    /// <summary>What people ask of this server's instances: logs, commands. Comes back by itself, until cancelled.</summary>
    IAsyncEnumerable<AgentTask> TasksAsync(string serverId, CancellationToken ct);

    /// <summary>Streams a task's output to whoever asked; ends early when nobody reads any more.</summary>
    Task SendTaskOutputAsync(string taskId, Stream output, CancellationToken ct);
}
