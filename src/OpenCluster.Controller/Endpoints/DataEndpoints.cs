using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Streams;
using OpenCluster.Controller.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Endpoints;

/// <summary>Spaces of Data for people, and the replicated sets behind them for agents.</summary>
internal sealed class DataEndpoints(ClusterLoop loop, Roster roster, SetOrders orders, EventStreams streams, ServiceSecrets secrets)
{
    private const int MostWords = 1000;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Data, All).WithSummary("Every space: its primary, its copies, how far behind each is.");
        api.MapPost(ApiRoutes.PrimaryMovePattern, Move).WithSummary("Hands a space's primary over to another server, without losing a write.");
        api.MapGet(ApiRoutes.SpaceAccessPattern, Access).WithSummary("How applications reach a space: address, user, password.");
        api.MapGet(ApiRoutes.SetOrdersPattern, Orders).WithSummary("What a server's agent is asked about its seats in replicated sets.")
            .Produces<SetOrder>(200, "text/event-stream").Streams();
        api.MapPost(ApiRoutes.SetWordsPattern, Words).WithSummary("What an agent says about its seats in replicated sets.")
            .Accepts<SetWords>("application/json").Produces(204);
    }

    private async Task<ImmutableArray<SpaceView>> All(CancellationToken ct) => DataViews.Of(await loop.ViewAsync(ct));

    private async Task<SpaceView> Move(string space, PrimaryMoveRequest request, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        var found = roster.Cluster.FindSpace(space);
        var to = request.To is null ? null : roster.Cluster.FindServer(request.To);
        if (request.Force && to is null) throw Problems.Invalid("to", "A forced primary needs a name.", "Say which copy becomes primary: --to SERVER.");
        if (request.Force && request.Why.Length == 0) throw Problems.Invalid("why", "Forcing a primary can lose acknowledged writes.", "Say why it must be, for the audit trail: --why TEXT.");
        await loop.ChangeAsync(
            _ => new Intent
            {
                Event = request.Force
                    ? new ClusterEvent.PrimaryForced(found.Id, to!.Id, caller.Name, request.Why)
                    : new ClusterEvent.PrimaryMoveAsked(found.Id, to?.Id, caller.Name, request.Why),
                Audit = new AuditEntry(caller, $"{(request.Force ? "force" : "move")} primary of {found.Name}{(to is null ? "" : $" to {to.Name}")}", request.Why),
            },
            ct);
        return DataViews.Of(await loop.LookAsync(conductor => conductor.View(), ct)).First(s => s.Name == found.Name);
    }

    private async Task<SpaceAccessView> Access(string space, CancellationToken ct)
    {
        var found = roster.Cluster.FindSpace(space);
        var view = DataViews.Of(await loop.ViewAsync(ct)).First(s => s.Name == found.Name);
        var password = secrets.Space(found.Id).App;
        return new SpaceAccessView(found.Name, view.Writes, "app", password, view.Writes is null ? null : $"redis://app:{password}@{view.Writes}");
    }

    private async Task Orders(string serverId, HttpContext context)
    {
        var server = ServerOf(serverId, context);
        using var stream = orders.Listen(server.Id);
        await streams.ServeAsync(context, stream.TryTake, stream.WaitAsync);
    }

    private async Task Words(string serverId, HttpContext context)
    {
        var words = await JsonSerializer.DeserializeAsync(context.Request.BodyReader, ModelJson.Default.SetWords, context.RequestAborted)
            ?? throw Problems.Invalid("", "The body is null.", "Send words.");
        if (words.Words.IsDefault || words.Words.Length > MostWords || words.Words.Any(w => w is null || (w.Report is { } report && !Enum.IsDefined(report.Role))))
            throw Problems.Invalid("words", $"\"words\" has a hole or more than {MostWords} entries.", "Send every word once.");
        var server = ServerOf(serverId, context);
        if (!loop.TryHear(new ClusterEvent.SetsSaid(server.Id, words.Words))) throw Problems.Busy("More reports arrive than the controller can take in.");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Server ServerOf(string serverId, HttpContext context)
    {
        var server = roster.Find(serverId);
        ServerAccess.Require(context.Caller(), server, serverId);
        return server ?? throw Problems.NotFound("server", serverId, null);
    }
}
