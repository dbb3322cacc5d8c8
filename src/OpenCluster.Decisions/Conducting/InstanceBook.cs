using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>The ways an instance's record changes.</summary>
internal static class InstanceBook
{
    public static string Start(Situation situation, ServiceZone place, string name, string serverId, string? releaseId)
    {
        var id = $"{name}-{situation.State.Count($"instance/{name}")}";
        situation.State.Put(new Instance
        {
            Id = id,
            ServiceId = place.ServiceId,
            ReleaseId = releaseId,
            ServerId = serverId,
            Zone = place.Zone,
            Created = situation.Now,
        });
        return id;
    }

    public static void Drain(Situation situation, Instance instance) =>
        Want(situation, instance with { Wanted = Wanted.Drain, DrainSince = situation.Now });

    public static void Stop(Situation situation, Instance instance) => Want(situation, instance with { Wanted = Wanted.Stop });

    public static void Forget(Situation situation, Instance instance)
    {
        situation.State.Remove(instance);
        situation.DrainRevision.Remove(instance.Id);
        situation.MisplacedSince.Remove(instance.Id);
        situation.Changes.TellBalancers();
    }

    private static void Want(Situation situation, Instance instance)
    {
        situation.State.Put(instance);
        // Not known by any load-balancer until the revision of this commit is known.
        situation.DrainRevision[instance.Id] = long.MaxValue;
        situation.Changes.TellBalancers();
    }
}
