using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What of a space cannot change while it lives: carrying it out would need copies to be made and taken away, step by step.</summary>
internal static class SpaceChanges
{
    /// <summary>Why this cannot be applied; null when it can.</summary>
    public static Failure? Refused(ClusterState state, Cluster wanted)
    {
        foreach (var space in wanted.Data)
        {
            if (Before(state.Objects.Cluster, space) is not { } old)
                continue;
            var field = old.Copies != space.Copies ? "copies" : old.Port != space.Port ? "port" : old.Replicas != space.Replicas ? "acknowledge" : old.Engine != space.Engine ? "engine" : null;
            if (field is not null)
                return new Failure("space-is-made", $"\"{field}\" of space {space.Name} cannot change while it has data. Make a space with another name, copy the data, and take this one out; or leave it as it was.");
            if (state.Sets.Find(old.Id) is { } set && Leaves(state, set, wanted) is { } server)
                return new Failure("server-holds-data", $"Server {server.Name} holds a copy of space {space.Name} and cannot leave the file while it does. Take the space out as well, or keep the server.");
        }

        return null;
    }

    private static DataSpace? Before(Cluster before, DataSpace space) => space.Id.Length > 0
        ? before.Data.FirstOrDefault(s => s.Id == space.Id)
        : before.Data.FirstOrDefault(s => s.Name == space.Name) ?? before.Data.FirstOrDefault(s => s.Name == space.RenamedFrom);

    /// <summary>A member that the wanted cluster no longer has.</summary>
    private static Server? Leaves(ClusterState state, ReplicatedSet set, Cluster wanted) =>
        set.Members.Select(state.Objects.Server).OfType<Server>()
            .FirstOrDefault(m => !wanted.Servers.Any(s => s.Id.Length > 0 ? s.Id == m.Id : s.Name == m.Name || s.RenamedFrom == m.Name));
}
