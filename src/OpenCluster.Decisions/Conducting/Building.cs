using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>Brings a deployment's release from Building to Ready: finds a builder, waits for it, finds another when it dies.</summary>
internal static class Building
{
    /// <summary>How long a build may wait for a server to build on.</summary>
    public static readonly TimeSpan BuilderWithin = TimeSpan.FromMinutes(30);

    /// <summary>Beside the build's own limit: fetching the source, packing and uploading.</summary>
    public static readonly TimeSpan AroundBuild = TimeSpan.FromMinutes(10);

    /// <summary>A build that took this many servers with it is not given to another.</summary>
    public const int MostBuilders = 3;

    public static void Step(Situation situation, ServiceZone place, Deployment deployment)
    {
        var state = situation.State;
        if (state.Release(deployment.ReleaseId) is not { } release)
        {
            Fail(situation, deployment, new Failure("release-gone", "its release is no longer known; deploy again."));
            return;
        }

        if (release.State == ReleaseState.Building && release.BuiltAs is { } twin && !FollowTwin(situation, ref release, twin))
            return;
        switch (release.State)
        {
            case ReleaseState.Ready:
                state.Put(Deploying.StartRolling(situation, place, deployment));
                situation.Queue(place);
                return;
            case ReleaseState.Failed:
                Fail(situation, deployment, release.Failure ?? new Failure("build-failed", "the build failed."));
                return;
        }

        if (release.Builder is { } builder)
            Watch(situation, place, deployment, release, builder);
        else
            FindBuilder(situation, place, deployment, release);
    }

    /// <summary>What an agent says about a build it was given.</summary>
    public static void Reported(Situation situation, string serverId, BuildStatus build)
    {
        var state = situation.State;
        if (state.Release(build.ReleaseId) is not { State: ReleaseState.Building } release || release.Builder != serverId)
            return;
        switch (build.Phase)
        {
            case BuildPhase.Done when build.Digest is not null:
                state.Put(release with { State = ReleaseState.Ready, Digest = build.Digest, SizeBytes = build.SizeBytes, Message = release.Message.Length > 0 ? release.Message : build.Message });
                break;
            case BuildPhase.Failed:
                state.Put(release with { State = ReleaseState.Failed, Failure = build.Failure ?? new Failure("build-failed", "the build failed; its log says why.") });
                break;
            default:
                return;
        }

        situation.Changes.TellAgent(serverId);
        situation.Queue(new ServiceZone(release.ServiceId, release.Zone));
        situation.QueueWanting();
    }

    private static bool FollowTwin(Situation situation, ref Release release, string twinId)
    {
        var state = situation.State;
        var place = new ServiceZone(release.ServiceId, release.Zone);
        switch (state.Release(twinId))
        {
            case { State: ReleaseState.Ready, Digest: not null } twin:
                release = release with { State = ReleaseState.Ready, Digest = twin.Digest, SizeBytes = twin.SizeBytes };
                break;
            case { State: ReleaseState.Failed } twin:
                release = release with { State = ReleaseState.Failed, Failure = twin.Failure };
                break;
            case { State: ReleaseState.Building }:
                situation.Wanting.Add(place);
                return false;
            default:
                release = release with { BuiltAs = null };
                break;
        }

        state.Put(release);
        return true;
    }

    private static void Watch(Situation situation, ServiceZone place, Deployment deployment, Release release, string builder)
    {
        var limit = (deployment.BuildSince ?? deployment.Since) + (release.Build ?? new Build { Run = "" }).TimeLimit + AroundBuild;
        if (situation.Now >= limit)
        {
            Fail(situation, deployment, new Failure("build-timeout", $"the build on {situation.ServerName(builder)} did not end in time; its agent was expected to stop it."));
            return;
        }

        situation.PlaceWakes.At(place, limit);
        if (situation.StandingOf(builder) != ServerStanding.Down)
            return;
        situation.State.Put(release with { Builder = null });
        situation.Changes.TellAgent(builder);
        var lost = deployment with { LostBuilders = deployment.LostBuilders.Add(builder), BuildSince = null };
        if (lost.LostBuilders.Length >= MostBuilders)
        {
            Fail(situation, lost, new Failure("builders-lost", $"{lost.LostBuilders.Length} servers died while building it ({string.Join(", ", lost.LostBuilders.Select(situation.ServerName))}); it is not given to another."));
            return;
        }

        situation.Say(Weight.Warning, Deploying.Subject(deployment), $"{situation.NameOf(place)}: {situation.ServerName(builder)} went down while building release {release.Number}; another server builds it.");
        situation.State.Put(lost);
        situation.Queue(place);
    }

    private static void FindBuilder(Situation situation, ServiceZone place, Deployment deployment, Release release)
    {
        var state = situation.State;
        var role = state.Objects.Service(place.ServiceId)?.Role ?? "";
        var candidates = state.Objects.Cluster.Servers
            .Where(s => situation.HealthOf(s.Id).Settled(situation.Now) && situation.Paused(serverId: s.Id) is null && !state.Respites.Has(s.Id))
            .Select(s => new BuilderCandidate(s.Id, s.Roles.Contains(role), state.BuildsOn(s.Id).Count > 0, FreeShare(situation, s), state.InstancesOn(s.Id).Count));
        if (BuilderChoice.Choose(candidates, deployment.LostBuilders) is { } builder)
        {
            situation.Wanting.Remove(place);
            state.Put(release with { Builder = builder });
            state.Put(deployment with { BuildSince = situation.Now });
            situation.Changes.TellAgent(builder);
            situation.PlaceWakes.At(place, situation.Now + (release.Build ?? new Build { Run = "" }).TimeLimit + AroundBuild);
            return;
        }

        if (situation.Now >= deployment.Since + BuilderWithin)
        {
            Fail(situation, deployment, new Failure("no-builder", $"no server was free to build it within {Words.For(BuilderWithin)}."));
            return;
        }

        situation.Wanting.Add(place);
        situation.PlaceWakes.At(place, deployment.Since + BuilderWithin);
    }

    private static double FreeShare(Situation situation, Server server) =>
        situation.Servers.GetValueOrDefault(server.Id)?.Report?.Facts is { MemoryBytes: > 0 } facts ? (double)facts.MemoryAvailableBytes / facts.MemoryBytes : 1;

    private static void Fail(Situation situation, Deployment deployment, Failure failure)
    {
        situation.Wanting.Remove(new(deployment.ServiceId, deployment.Zone));
        Deploying.End(situation, deployment.FailedWith(failure, situation.Now));
    }
}
