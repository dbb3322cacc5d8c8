using System.Collections.Concurrent;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Files;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Tasks;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Running;
using OpenCluster.Model;

namespace OpenCluster.Controller.Endpoints;

/// <summary>
/// What agents and balancers hear and say. A server is named by id, or by name: an agent that starts before the first apply knows
/// only its name, waits on its stream, and learns its id from the first assignment.
/// </summary>
internal sealed class AgentEndpoints(ClusterLoop loop, Roster roster, Boards boards, EventStreams streams, TaskBroker tasks, ArchiveFiles files, ServerIdentities identities, OpenCalls calls)
{
    private const int MaxKnown = 10_000;

    private readonly ConcurrentDictionary<string, string> _serverOf = new(StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.AssignmentPattern, Assignments).WithSummary("What a server is to do, now and at each change.")
            .Produces<Assignment>(200, "text/event-stream").Streams();
        api.MapPost(ApiRoutes.ServerReportPattern, ReportServer).WithSummary("What an agent says about its server and the instances there.")
            .Accepts<ServerReport>("application/json").Produces(204);
        api.MapGet(ApiRoutes.TasksPattern, Tasks).WithSummary("Logs and commands that a server's agent is asked to stream.")
            .Produces<AgentTask>(200, "text/event-stream").Streams();
        api.MapGet(ApiRoutes.SnapshotPattern, Snapshots).WithSummary("A load-balancer's whole configuration, now and at each change.")
            .Produces<BalancerSnapshot>(200, "text/event-stream").Streams();
        api.MapPost(ApiRoutes.BalancerReportPattern, ReportBalancer).WithSummary("What a load-balancer says about itself and its targets.")
            .Accepts<BalancerReport>("application/json").Produces(204);
    }

    private async Task Assignments(string serverId, HttpContext context)
    {
        while (true)
        {
            var topic = await loop.LookAsync(
                conductor =>
                {
                    var server = roster.Find(serverId);
                    ServerAccess.Require(context.Caller(), server, serverId);
                    return boards.AssignmentTopic(conductor, server, serverId);
                },
                context.RequestAborted);
            using var watcher = boards.Assignments.Watch(topic, EventStreams.LastIdOf(context));
            // The apply that brings the server may have come between the look and the watch: then nobody was told under its name.
            if (roster.Find(serverId) is { } born && born.Id != topic) continue;
            await streams.ServeAsync(context, watcher.TryTake, watcher.WaitAsync);
            return;
        }
    }

    private async Task ReportServer(string serverId, HttpContext context)
    {
        var report = ReportCheck.Whole(await ReadAsync(context, ModelJson.Default.ServerReport));
        var server = roster.Find(serverId);
        ServerAccess.Require(context.Caller(), server, serverId);
        if (server is null) throw Problems.NotFound("server", serverId, null);
        if (context.Caller() is { Role: TokenRole.Agent, Credential: { } key } caller && caller.Server != server.Id)
            loop.TryChange(_ => new Intent { Documents = identities.Bind(key, server) });
        var builds = report.Builds.Select(files.Verified);
        Hear(context, new ClusterEvent.ServerReported(report with { ServerId = server.Id, Builds = [.. builds] }));
    }

    private async Task Tasks(string serverId, HttpContext context)
    {
        var server = roster.Find(serverId);
        ServerAccess.Require(context.Caller(), server, serverId);
        if (server is null) throw Problems.NotFound("server", serverId, null);
        using var stream = tasks.Listen(server.Id);
        await streams.ServeAsync(context, stream.TryTake, stream.WaitAsync);
    }

    private async Task Snapshots(string instance, HttpContext context)
    {
        var key = await RequireAsync(instance, context);
        await using var revoked = key is null ? default : calls.RevokedToken(key).Register(context.Abort);
        // The server may have been removed between the look and the listening.
        await RequireAsync(instance, context);
        await loop.LookAsync(
            conductor =>
            {
                boards.PostSnapshot(conductor, instance);
                return true;
            },
            context.RequestAborted);
        using var watcher = boards.Snapshots.Watch(instance, EventStreams.LastIdOf(context));
        await streams.ServeAsync(context, watcher.TryTake, watcher.WaitAsync);
    }

    private async Task ReportBalancer(string instance, HttpContext context)
    {
        var report = ReportCheck.Whole(await ReadAsync(context, ModelJson.Default.BalancerReport));
        await RequireAsync(instance, context);
        Hear(context, new ClusterEvent.BalancerReported(report with { Balancer = instance }));
    }

    /// <summary>A balancer speaks for itself, and only while the server it is on is one of ours. An instance never changes its server, so that is looked up once.</summary>
    /// <returns>The key of its server, with which it goes; null for an admin who looks.</returns>
    private async Task<string?> RequireAsync(string instance, HttpContext context)
    {
        if (!_serverOf.TryGetValue(instance, out var serverId))
        {
            serverId = (await loop.ViewAsync(context.RequestAborted)).FindInstance(instance).ServerId;
            if (_serverOf.Count >= MaxKnown) _serverOf.Clear();
            _serverOf[instance] = serverId;
        }

        var caller = context.Caller();
        if (caller.Role == TokenRole.Admin) return null;
        if (caller.Balancer != instance) throw Problems.NotAllowed($"\"{caller.Name}\" does not speak for load-balancer \"{instance}\".");
        return roster.Find(serverId) is { } server && identities.KeyOf(server) is { } key
            ? key
            : throw Problems.NotAuthenticated($"The server of {caller.Name} was removed.", "Join it again: `opencluster server rejoin NAME` prints the line.");
    }

    private void Hear(HttpContext context, ClusterEvent happened)
    {
        if (!loop.TryHear(happened)) throw Problems.Busy("More reports arrive than the controller can take in.");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        await JsonSerializer.DeserializeAsync(context.Request.BodyReader, type, context.RequestAborted)
            ?? throw Problems.Invalid("", "The body is null.", "Send a report.");
}
