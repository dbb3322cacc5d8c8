using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What of a space cannot change while it lives: carrying it out would need copies to be made and taken away, step by step.</summary>
internal static class SpaceChanges
{
    /// <summary>Why this cannot be applied; null when it can.</summary>
    public static Failure? Refused(Cluster before, Cluster wanted)
    {
        foreach (var space in wanted.Data)
        {
            var old = before.Data.FirstOrDefault(s => space.Id.Length > 0 ? s.Id == space.Id : s.Name == space.Name)
                ?? before.Data.FirstOrDefault(s => space.Id.Length == 0 && s.Name == space.RenamedFrom);
            if (old is null)
                continue;
            var field = old.Copies != space.Copies ? "copies" : old.Port != space.Port ? "port" : old.Replicas != space.Replicas ? "acknowledge" : old.Engine != space.Engine ? "engine" : null;
            if (field is not null)
                return new Failure("space-is-made", $"\"{field}\" of space {space.Name} cannot change while it has data. Make a space with another name, copy the data, and take this one out; or leave it as it was.");
        }

        return null;
    }
}
