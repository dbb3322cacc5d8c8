using System.Text.Json;
using OpenCluster.Api.Access;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Streams;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Plans;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model;

namespace OpenCluster.Controller.Conducting;

/// <summary>What servers and balancers are told, worked out from the state when it may have changed. Called from the loop alone.</summary>
internal sealed class Boards(Ledger ledger, TokenBook tokens, ServiceSecrets secrets)
{
    public Board Assignments { get; } = new();
    public Board Snapshots { get; } = new();

    /// <summary>
    /// Where a server's assignment is posted. An agent whose server is not in the cluster yet waits under its name, and is told when
    /// the apply that brings it has been stored.
    /// </summary>
    public string AssignmentTopic(Conductor conductor, Server? server, string name)
    {
        if (server is null) return Unborn(name);
        if (!Assignments.Knows(server.Id)) PostAssignment(conductor, server.Id);
        return server.Id;
    }

    public void PostAssignment(Conductor conductor, string serverId)
    {
        if (conductor.Assignment(serverId) is not { } planned) return;
        var assignment = planned with
        {
            Generation = ledger.Generation,
            Instances = [.. planned.Instances.Select(i => i.Registrars.IsEmpty ? i : i with { Token = secrets.AppToken(i.ServiceId) })],
            Sets = [.. planned.Sets.Select(s => s with { Passwords = secrets.Space(s.SetId) })],
        };
        var content = JsonSerializer.SerializeToUtf8Bytes(assignment, ModelJson.Default.Assignment);
        Frame Frame() => new(ledger.Revision, JsonSerializer.SerializeToUtf8Bytes(assignment with { Revision = ledger.Revision }, ModelJson.Default.Assignment));
        Assignments.Post(serverId, content, Frame);
        if (Assignments.IsWatched(Unborn(assignment.ServerName))) Assignments.Post(Unborn(assignment.ServerName), content, Frame);
    }

    public void PostSnapshots(Conductor conductor)
    {
        foreach (var balancer in conductor.Balancers) PostSnapshot(conductor, balancer);
    }

    public void PostSnapshot(Conductor conductor, string balancer)
    {
        if (conductor.Snapshot(balancer) is not { } snapshot)
        {
            Snapshots.Forget(balancer);
            return;
        }

        snapshot = snapshot with { Generation = ledger.Generation };
        if (snapshot.Listeners.Any(l => l.Protocol == ListenerProtocol.Registrations)) snapshot = snapshot with { AppTokens = [.. tokens.Apps, .. conductor.AppGrants.Select(OfService)] };
        Snapshots.Post(
            balancer,
            JsonSerializer.SerializeToUtf8Bytes(snapshot, ModelJson.Default.BalancerSnapshot),
            () => new Frame(ledger.Revision, JsonSerializer.SerializeToUtf8Bytes(snapshot with { Revision = ledger.Revision }, ModelJson.Default.BalancerSnapshot)));
    }

    private AppToken OfService(AppGrant grant) =>
        new() { Name = grant.Service, Hash = Token.HashOf(secrets.AppToken(grant.ServiceId)), Route = grant.Route, Endpoints = grant.Endpoints };

    /// <summary>Ids never hold a slash, so that a server's name can never be taken for another's id.</summary>
    private static string Unborn(string name) => "name/" + name;
}
