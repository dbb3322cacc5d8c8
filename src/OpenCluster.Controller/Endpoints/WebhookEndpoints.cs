using System.Buffers;
using OpenCluster.Api;
using OpenCluster.Api.Access;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Webhooks;
using OpenCluster.Decisions.Conducting;

namespace OpenCluster.Controller.Endpoints;

/// <summary>
/// Pushes, as code hosts announce them. The signature is the authentication; a delivery only makes the branch's head be asked for,
/// so one that comes twice, late or out of order changes nothing.
/// </summary>
internal sealed class WebhookEndpoints(ClusterLoop loop, Roster roster, ServiceSecrets secrets, FailureLimit failures)
{
    /// <summary>GitHub sends at most 25 MB and in practice far less; what we need of it is one line.</summary>
    public const int MaxBody = 5 << 20;

    public void Map(IEndpointRouteBuilder api) =>
        api.MapPost(ApiRoutes.WebhookPattern, Push).WithSummary("Takes a push from GitHub, Gitea or GitLab, signed with the service's secret.").MaxBody(MaxBody);

    private async Task<WebhookAnswer> Push(string serviceId, HttpContext context, CancellationToken ct)
    {
        // Before a byte is read: a body of 100 MB is refused by its announcement.
        if (context.Request.ContentLength > MaxBody)
            throw Problems.TooLarge($"A webhook of {context.Request.ContentLength >> 20} MiB is more than the {MaxBody >> 20} MiB accepted.", "Send push events only.");

        var body = await ReadAsync(context, ct);
        var caller = context.Caller() with { Name = "webhook" };
        // An unknown service is answered like a wrong signature, and as slowly: ids are not to be found out here.
        // And nobody who has not signed takes a place in the loop's queue.
        var service = roster.Cluster.TryFindService(serviceId);
        if (!Signature.IsValid(context.Request.Headers, body, secrets.Of(service?.Id ?? serviceId)) || service is null)
        {
            if (failures.Record(caller.From)) throw Problems.TooManyFailures();
            throw Problems.NotAuthenticated("The webhook's signature is not made with this service's secret.", "`opencluster webhook SERVICE` shows path and secret.");
        }

        switch (Delivery.Read(context.Request.Headers, body))
        {
            case Delivery.Ping:
                return new WebhookAnswer($"The webhook of {service.Name} works.");
            case Delivery.Push { Branch: var branch }:
                var pushed = branch is null ? $"push to {service.Name}" : $"push to branch {branch} of {service.Name}";
                var done = await loop.ChangeAsync(
                    _ => new Intent
                    {
                        Event = new ClusterEvent.Pushed(service.Id, branch, caller.Name),
                        Then = (_, outcome) => new Intent { Audit = outcome.Deployments.IsEmpty ? null : new AuditEntry(caller, pushed, "") },
                    },
                    ct);
                return new WebhookAnswer(done.Outcome.Deployments.IsEmpty
                    ? "No zone follows that branch; nothing to do."
                    : $"Deploying: {string.Join(", ", done.Outcome.Deployments)}.");
            case Delivery.Other other:
                return new WebhookAnswer($"Nothing to do for {other.What}.");
            default:
                throw new InvalidOperationException("A delivery is a ping, a push or something else.");
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContext context, CancellationToken ct)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            // Kestrel stops a body that passes the route's limit without having announced it.
            var read = await reader.ReadAsync(ct);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
