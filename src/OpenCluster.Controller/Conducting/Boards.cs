using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Streams;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Conducting;

/// <summary>What servers and balancers are told, worked out from the state when it may have changed. Called from the loop alone.</summary>
internal sealed class Boards(Ledger ledger, TokenBook tokens)
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
        var assignment = planned with { Generation = ledger.Generation };
        var content = JsonSerializer.SerializeToUtf8Bytes(assignment, ApiJson.Default.Assignment);
        Frame Frame() => new(ledger.Revision, JsonSerializer.SerializeToUtf8Bytes(assignment with { Revision = ledger.Revision }, ApiJson.Default.Assignment));
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
        if (snapshot.Listeners.Any(l => l.Protocol == ListenerProtocol.Registrations)) snapshot = snapshot with { AppTokens = tokens.Apps };
        Snapshots.Post(
            balancer,
            JsonSerializer.SerializeToUtf8Bytes(snapshot, ApiJson.Default.BalancerSnapshot),
            () => new Frame(ledger.Revision, JsonSerializer.SerializeToUtf8Bytes(snapshot with { Revision = ledger.Revision }, ApiJson.Default.BalancerSnapshot)));
    }

    /// <summary>Ids never hold a slash, so that a server's name can never be taken for another's id.</summary>
    private static string Unborn(string name) => "name/" + name;
}
