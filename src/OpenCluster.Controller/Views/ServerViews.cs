using System.Collections.Immutable;
using OpenCluster.Api.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Servers;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Views;

/// <summary>Servers as the API shows them.</summary>
internal static class ServerViews
{
    public static ImmutableArray<ServerView> Of(ClusterView view)
    {
        var instances = view.Instances.CountBy(i => i.Instance.ServerId).ToDictionary(StringComparer.Ordinal);
        return [.. view.Servers.Select(s => Of(s, instances.GetValueOrDefault(s.Server.Id)))];
    }

    private static ServerView Of(ServerSight sight, int instances) => new()
    {
        Id = sight.Server.Id,
        Name = sight.Server.Name,
        Zone = sight.Server.Zone,
        Location = sight.Server.Location,
        Address = sight.Address,
        Roles = sight.Server.Roles,
        Health = Word(sight.Health.State),
        Since = sight.Health.Since,
        Reason = Reason(sight),
        Version = sight.Report?.Version ?? "",
        Facts = sight.Report?.Facts ?? new MachineFacts(),
        Instances = instances,
        Respite = sight.Respite is { } respite ? respite.Maintenance ? "maintenance" : "drained" : "",
        Without = sight.Report?.Without ?? [],
    };

    public static string Word(ServerState state) => state switch
    {
        ServerState.Alive => "alive",
        ServerState.Silent => "silent",
        ServerState.Down => "down",
        _ => "unknown",
    };

    private static string Reason(ServerSight sight)
    {
        var reason = sight.Health.State switch
        {
            ServerState.Unknown => sight.Health.EverSeen ? "Its agent has not reported since the controller started." : "Its agent has never reported.",
            ServerState.Silent or ServerState.Down => $"Its agent was last heard at {sight.Health.HeardAt:HH:mm:ss} UTC.",
            _ => "",
        };
        if (sight.Leaving) reason += " It is no longer in the file and stops what it still runs.";
        if (sight.Respite is { } respite) reason += $" {respite.By} {(respite.Maintenance ? "took it into maintenance" : "drains it")}{(respite.Why.Length > 0 ? $" ({respite.Why})" : "")}.";
        if (sight.Paused is { } pause) reason += $" {pause.By} switched automatic acts off.";
        return reason.Trim();
    }
}
