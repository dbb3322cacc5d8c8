using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Plans;

/// <summary>In which replicated sets a server has a copy or a vote, and who the others are.</summary>
internal static class SetPlan
{
    public static ImmutableArray<SetSeat> Seats(ClusterState state, string serverId) =>
    [
        .. from set in state.Sets.Values.OrderBy(s => s.Id, Placing.IdOrder.Instance)
           let space = state.Objects.Space(set.Id)
           where space is not null && SpaceCare.Seats(set).Contains(serverId, StringComparer.Ordinal)
           select new SetSeat
           {
               SetId = set.Id,
               Space = space,
               Instance = state.InstancesOf(new ServiceZone(set.Id, "")).FirstOrDefault(i => i.ServerId == serverId && i.Wanted == Wanted.Run)?.Id,
               Peers = [.. SpaceCare.Seats(set).Select(id => Peer(state, set, space.Port, id)).OfType<SetPeer>()],
           },
    ];

    private static SetPeer? Peer(ClusterState state, ReplicatedSet set, int port, string id) =>
        state.Server(id) is { } server
            ? new SetPeer(id, ServerPlan.AddressOf(state, server), state.Seen.Find(id)?.VotePort ?? 0, set.Members.Contains(id, StringComparer.Ordinal) ? port : 0)
            : null;
}
