using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Tasks;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Logs and commands: asked here, answered by the server's agent, joined by <see cref="TaskBroker"/>.</summary>
internal sealed class TaskEndpoints(ClusterLoop loop, Roster roster, TaskBroker tasks)
{
    private const int MaxLines = 100_000;
    private const int MaxCommandParts = 256;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.LogsPattern, Logs).WithSummary("An instance's log as it is on its server; with follow, until the reader goes.")
            .Produces(200, contentType: "application/octet-stream").Streams();
        api.MapPost(ApiRoutes.ExecPattern, Exec).WithSummary("Runs a command in an instance's environment and directory; the last line of the answer is \"exit CODE\".")
            .Produces(200, contentType: "application/octet-stream").Streams();
        api.MapPost(ApiRoutes.TaskOutputPattern, Output).WithSummary("An agent's answer to a task, streamed.")
            .Accepts<Stream>("application/octet-stream").Produces(204).Streams();
    }

    private Task Logs(string instance, HttpContext context, int lines = 100, bool follow = false)
    {
        if (lines is < 0 or > MaxLines) throw Problems.Invalid("lines", $"{lines} lines are not possible.", $"Give 0 to {MaxLines}.");
        return RunAsync(instance, TokenRole.Deploy, context, id => new AgentTask { Id = NewId(), Kind = TaskKind.Logs, InstanceId = id, Lines = lines, Follow = follow });
    }

    private async Task Exec(string instance, ExecRequest request, HttpContext context)
    {
        if (request.Command.IsDefaultOrEmpty || request.Command.Length > MaxCommandParts || request.Command.Any(part => part is null))
            throw Problems.Invalid("command", "There is no command, or it is too long.", $"Give 1 to {MaxCommandParts} words.");
        var caller = context.Caller();
        // What was run is on record before it runs. Only the program: arguments may hold what is secret.
        await loop.ChangeAsync(
            conductor =>
            {
                var found = conductor.View().FindInstance(instance);
                caller.RequireIn(found.Zone, TokenRole.Admin);
                return new Intent { Audit = new AuditEntry(caller, $"exec {request.Command[0]} at {found.Id}", "") };
            },
            context.RequestAborted);
        await RunAsync(instance, TokenRole.Admin, context, id => new AgentTask { Id = NewId(), Kind = TaskKind.Exec, InstanceId = id, Command = request.Command });
    }

    private async Task RunAsync(string instance, TokenRole role, HttpContext context, Func<string, AgentTask> task)
    {
        var found = (await loop.ViewAsync(context.RequestAborted)).FindInstance(instance);
        context.Caller().RequireIn(found.Zone, role);
        var server = roster.Find(found.ServerId);
        using var pending = tasks.Start(found.ServerId, server?.Name ?? found.ServerId, task(found.Id));
        await pending.CopyToAsync(context.Response, context.RequestAborted);
    }

    private async Task Output(string task, HttpContext context)
    {
        var pending = tasks.Find(task) ?? throw Problems.Gone("task-ended", $"Nobody waits for the output of task \"{task}\" any more.", "Stop streaming it.");
        ServerAccess.Require(context.Caller(), roster.Find(pending.ServerId), pending.ServerId);
        context.AllowSlowBody();
        if (!await pending.CopyFromAsync(context.Request.Body, context.RequestAborted))
            throw Problems.Gone("task-ended", $"Nobody reads the output of task \"{task}\" any more.", "Stop streaming it.");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static string NewId() => "task-" + Guid.NewGuid().ToString("n");
}
