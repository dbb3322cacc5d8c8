using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What a deployment is asked for.</summary>
internal sealed record DeployWish(string? Branch, string? Commit, string? SourceDigest, string By, string Why, bool Pushed = false);

/// <summary>From somebody's wish to a deployment that has a release: asked → commit known → release made, reused, or nothing to do.</summary>
internal static class Deploying
{
    /// <summary>The shell answers a ResolveCommit well before; this ends a deployment whose answer was lost.</summary>
    public static readonly TimeSpan ResolveWithin = TimeSpan.FromMinutes(3);

    /// <summary>Deployments remembered per service and zone.</summary>
    public const int History = 50;

    public static void Ask(Situation situation, ServiceZone place, DeployWish wish)
    {
        var state = situation.State;
        if (state.Objects.Declared(place) is not var (service, zone))
            return;
        if (service.Source is { Directory: not null, Git: null } && wish.SourceDigest is null)
        {
            var uploaded = state.ReleasesOf(service.Id).LastOrDefault(r => r.SourceDigest is not null)?.SourceDigest;
            if (uploaded is null)
            {
                situation.Changes.Refused = new Failure("source-missing", $"{service.Name} comes from a directory, and nothing of it was uploaded yet. Deploy it from the machine that has the directory.");
                return;
            }

            wish = wish with { SourceDigest = uploaded };
        }

        // What somebody uploaded is deployed as it is, wherever the service comes from otherwise.
        var git = wish.SourceDigest is null ? service.Source?.Git : null;
        var branch = git is null || wish.Commit is not null ? wish.Branch : wish.Branch ?? zone.Branch;
        if (git is not null && state.DeploymentsOf(place).LastOrDefault(d => d.Phase == DeploymentPhase.Resolving && d.Branch == branch && d.Commit == wish.Commit) is { } same)
        {
            // The remote is asked again, for its head may have moved since; the answer finds the deployment where it then is.
            situation.Changes.Do(new ClusterEffect.ResolveCommit(same.Id, git, branch, wish.Commit));
            situation.Changes.Started(same.Id);
            return;
        }

        var deployment = Make(situation, place, wish) with { Branch = branch, SourceDigest = wish.SourceDigest };
        situation.Changes.Started(deployment.Id);
        state.Put(deployment);
        if (git is not null)
        {
            situation.Changes.Do(new ClusterEffect.ResolveCommit(deployment.Id, git, branch, wish.Commit));
            situation.PlaceWakes.At(place, situation.Now + ResolveWithin);
        }
        else
        {
            Resolved(situation, deployment, null, wish.SourceDigest is null ? "" : wish.Why);
        }
    }

    /// <summary>What is to be deployed is known: makes or finds the release.</summary>
    public static void Resolved(Situation situation, Deployment deployment, string? commit, string message)
    {
        var state = situation.State;
        var place = new ServiceZone(deployment.ServiceId, deployment.Zone);
        if (state.Objects.Declared(place) is not var (service, zone))
        {
            End(situation, deployment.FailedWith(new Failure("removed", $"{situation.NameOf(place)} was removed from the cluster's file."), situation.Now));
            return;
        }

        if (SecretCare.Missing(state, zone.Spec) is { } missing)
        {
            End(situation, deployment.FailedWith(new Failure(SecretCare.MissingCode, $"its secret {missing} has no value yet. Set it with `opencluster secret set {missing}`; then it is deployed by itself."), situation.Now));
            return;
        }

        deployment = deployment with { Commit = commit };
        var secrets = SecretCare.Now(state, zone.Spec);
        var active = state.Active(place);
        var release = state.ReleasesOf(service.Id).LastOrDefault(r => r.Zone == place.Zone && r.State != ReleaseState.Failed && Is(r));
        if (release is not null && NothingToDo(situation, place, deployment, release, active))
            return;

        Supersede(situation, place, deployment);
        if (release is null)
        {
            release = NewRelease(situation, service, zone, place, deployment, message) with { Secrets = secrets };
            state.Put(release);
        }

        deployment = deployment with { ReleaseId = release.Id };
        state.Put(release.State == ReleaseState.Ready
            ? StartRolling(situation, place, deployment)
            : deployment.To(DeploymentPhase.Building, situation.Now));
        situation.Say(Weight.Info, Subject(deployment), $"{situation.NameOf(place)}: release {release.Number}{About(release)} is {(release.State == ReleaseState.Ready ? "being rolled out" : "being built")}{By(deployment)}.");
        situation.Queue(place);

        bool Is(Release r) => r.Commit == commit && r.SourceDigest == deployment.SourceDigest && SpecComparison.RunsTheSame(r.Spec, zone.Spec) && r.Secrets.SequenceEqual(secrets);
    }

    /// <summary>The same build again, as a release with the values that its secrets have now: rolled out, watched and gone back from like any other.</summary>
    public static void WithNewSecrets(Situation situation, ServiceZone place, string by, string why)
    {
        var state = situation.State;
        var active = state.Active(place);
        var running = active is { Phase: not DeploymentPhase.RollingBack } ? state.Release(active.ReleaseId) : state.Current(place);
        if (running is not { Spec: { } spec, State: not ReleaseState.Failed })
            return;
        var secrets = SecretCare.Now(state, spec);
        if (running.Secrets.SequenceEqual(secrets))
            return;
        if (running.State == ReleaseState.Building)
        {
            // Nothing runs with it yet.
            state.Put(running with { Secrets = secrets });
            return;
        }

        var deployment = Make(situation, place, new DeployWish(running.Branch, running.Commit, null, by, why)) with { Branch = running.Branch, SourceDigest = running.SourceDigest };
        Supersede(situation, place, deployment);
        var number = NextNumber(state, place.ServiceId);
        var release = running with { Id = ReleaseId(place.ServiceId, number), Number = number, Secrets = secrets, BuiltAs = running.Digest is null ? null : running.BuiltAs ?? running.Id, Created = situation.Now };
        state.Put(release);
        state.Put(StartRolling(situation, place, deployment with { ReleaseId = release.Id }));
        situation.Changes.Started(deployment.Id);
        situation.Say(Weight.Info, Subject(deployment), $"{situation.NameOf(place)}: release {number}, release {running.Number} with its secrets' new values, is being rolled out{By(deployment)}.");
        situation.Queue(place);
    }

    public static void NotResolved(Situation situation, Deployment deployment, Failure failure)
    {
        End(situation, deployment.FailedWith(failure, situation.Now));
    }

    /// <summary>Back to an earlier release, or to the one before.</summary>
    public static void RollBack(Situation situation, ServiceZone place, int? toNumber, string by, string why)
    {
        var state = situation.State;
        var current = state.Current(place);
        var running = state.Active(place) is { } active ? state.Release(active.ReleaseId) ?? current : current;
        var target = toNumber is { } number
            ? state.ReleasesOf(place.ServiceId).FirstOrDefault(r => r.Number == number && r.Zone == place.Zone)
            : state.Active(place) is not null ? current : Before(state, place, current);
        if (target is not { State: ReleaseState.Ready })
        {
            var elsewhere = state.ReleasesOf(place.ServiceId).FirstOrDefault(r => r.Number == toNumber && r.Zone != place.Zone)?.Zone;
            var kept = state.ReleasesOf(place.ServiceId).Where(r => r.Zone == place.Zone && r.State == ReleaseState.Ready && r.Id != running?.Id).Select(r => r.Number).ToList();
            situation.Changes.Refused = new Failure(
                "no-such-release",
                $"{situation.NameOf(place)} has no {(toNumber is null ? "earlier release" : $"release {toNumber}")} to go back to; " +
                    (elsewhere is null ? "" : $"that one was made for zone {state.Objects.ZoneName(elsewhere)}. In {state.Objects.ZoneName(place.Zone)}, ") +
                    (kept.Count == 0 ? "no other is kept." : $"kept are {string.Join(", ", kept)}."));
            return;
        }

        if (target.Id == running?.Id)
        {
            situation.Changes.Refused = new Failure("runs-already", $"Release {target.Number} of {situation.NameOf(place)} runs already; nothing was changed.");
            return;
        }

        var deployment = Make(situation, place, new DeployWish(target.Branch, target.Commit, null, by, why)) with
        {
            Backwards = true,
            Branch = target.Branch,
            Commit = target.Commit,
            SourceDigest = target.SourceDigest,
            ReleaseId = target.Id,
        };
        Supersede(situation, place, deployment);
        state.Put(StartRolling(situation, place, deployment));
        situation.Changes.Started(deployment.Id);
        situation.Say(Weight.Info, Subject(deployment), $"{situation.NameOf(place)} goes back to release {target.Number}{About(target)}{By(deployment)}.");
        situation.Queue(place);
    }

    public static Deployment StartRolling(Situation situation, ServiceZone place, Deployment deployment)
    {
        var current = situation.State.Current(place)?.Id;
        return deployment.To(DeploymentPhase.Rolling, situation.Now) with { PreviousReleaseId = current == deployment.ReleaseId ? null : current };
    }

    /// <summary>Writes a deployment that ended, says so, and lets go of what only it needed.</summary>
    public static void End(Situation situation, Deployment ended)
    {
        var state = situation.State;
        var place = new ServiceZone(ended.ServiceId, ended.Zone);
        state.Put(ended);
        // A roll-out that fails has said so itself.
        if (ended.Phase == DeploymentPhase.Failed && (ended.RollSince is null || ended.Failure?.Code == "superseded"))
            situation.Say(ended.Failure?.Code == "superseded" ? Weight.Info : Weight.Trouble, Subject(ended), $"{situation.NameOf(place)} was not deployed: {ended.Failure?.Reason}", ended.Failure?.Log ?? []);
        if (ended.Phase == DeploymentPhase.Done)
        {
            var release = state.Release(ended.ReleaseId);
            situation.Say(
                ended.Remark is null ? Weight.Good : Weight.Warning,
                Subject(ended),
                $"{situation.NameOf(place)}: release {release?.Number}{(release is null ? "" : About(release))} runs{(ended.Remark is null ? "" : $", but {ended.Remark}")}.");
        }

        // A build that nobody waits for is not worth its server's time; others that shared it build for themselves.
        if (state.Release(ended.ReleaseId) is { State: ReleaseState.Building } building)
        {
            state.Remove(building);
            if (building.Builder is { } builder)
                situation.Changes.TellAgent(builder);
            situation.QueueWanting();
        }

        Keeping.Forget(situation, place);
        situation.Queue(place);
    }

    public static string Subject(Deployment deployment) => $"deployment/{deployment.Id}";

    private static Deployment Make(Situation situation, ServiceZone place, DeployWish wish)
    {
        var state = situation.State;
        var name = $"{state.Objects.Service(place.ServiceId)!.Name}-{state.Objects.ZoneName(place.Zone)}";
        return new Deployment
        {
            // Counted by name, not by place: the id must not come twice even if the service is removed and comes again.
            Id = $"{name}-{state.Count($"deployment/{name}")}",
            ServiceId = place.ServiceId,
            Zone = place.Zone,
            Number = (state.DeploymentsOf(place).LastOrDefault()?.Number ?? 0) + 1,
            Phase = DeploymentPhase.Resolving,
            Since = situation.Now,
            Created = situation.Now,
            By = wish.By,
            Why = wish.Why,
            Commit = wish.Commit,
            Pushed = wish.Pushed,
        };
    }

    private static bool NothingToDo(Situation situation, ServiceZone place, Deployment deployment, Release release, Deployment? active)
    {
        var state = situation.State;
        if (active is { Phase: not DeploymentPhase.RollingBack } && active.ReleaseId == release.Id)
            return Nothing($"release {release.Number} is already on its way by {active.Id}");
        if (active is null && state.Current(place)?.Id == release.Id)
            return Nothing($"release {release.Number} has exactly this and runs already");
        // The same push twice must not try again what was just rolled back; a person who asks may.
        var last = state.DeploymentsOf(place).LastOrDefault(d => d.Id != deployment.Id && d is { NothingToDo: false, ReleaseId: not null });
        return deployment.Pushed && last?.ReleaseId == release.Id && Nothing($"release {release.Number} was tried already and {(last.Phase == DeploymentPhase.Done ? "runs" : "failed")}");

        bool Nothing(string why)
        {
            situation.Say(Weight.Info, Subject(deployment), $"{situation.NameOf(place)}: nothing to do, {why}.");
            if (deployment.Pushed)
                state.Remove(deployment);
            else
                state.Put(deployment.EndedAs(DeploymentPhase.Done, situation.Now) with { NothingToDo = true, ReleaseId = release.Id, Remark = $"nothing to do: {why}" });
            return true;
        }
    }

    private static void Supersede(Situation situation, ServiceZone place, Deployment by)
    {
        foreach (var older in situation.State.DeploymentsOf(place).Where(d => d.Active && d.Number < by.Number).ToList())
        {
            End(situation, older.FailedWith(new Failure("superseded", $"superseded by {by.Id}, which was asked for later{By(by)}."), situation.Now));
        }
    }

    private static Release NewRelease(Situation situation, Service service, ZoneDeployment zone, ServiceZone place, Deployment deployment, string message)
    {
        var state = situation.State;
        var number = NextNumber(state, service.Id);
        var release = new Release
        {
            Id = ReleaseId(service.Id, number),
            ServiceId = service.Id,
            Number = number,
            Zone = place.Zone,
            Commit = deployment.Commit,
            Branch = deployment.Branch,
            Message = message,
            SourceDigest = deployment.SourceDigest,
            Build = zone.Spec.Build,
            Spec = zone.Spec,
            Created = situation.Now,
        };
        if (service.Source is null)
            return release with { State = ReleaseState.Ready };
        var twin = state.ReleasesOf(service.Id).LastOrDefault(r =>
            r.State != ReleaseState.Failed && r.BuiltAs is null && r.Commit == release.Commit && r.SourceDigest == release.SourceDigest && SpecComparison.Same(r.Build, release.Build));
        return twin switch
        {
            null => release,
            { State: ReleaseState.Ready, Digest: not null } => release with { State = ReleaseState.Ready, Digest = twin.Digest, SizeBytes = twin.SizeBytes, BuiltAs = twin.Id, Message = twin.Message },
            _ => release with { BuiltAs = twin.Id },
        };
    }

    private static int NextNumber(ClusterState state, string serviceId) => (int)state.Count($"release/{serviceId}");

    private static string ReleaseId(string serviceId, int number) => $"{serviceId}.r{number}";

    private static Release? Before(ClusterState state, ServiceZone place, Release? current) => state.DeploymentsOf(place)
        .Reverse()
        .Where(d => d is { Phase: DeploymentPhase.Done, NothingToDo: false, ReleaseId: not null } && d.ReleaseId != current?.Id)
        .Select(d => state.Release(d.ReleaseId))
        .FirstOrDefault(r => r is { State: ReleaseState.Ready });

    private static string About(Release release) => (release.Commit, release.Message) switch
    {
        (null, _) => "",
        ({ } commit, { Length: > 0 } message) => $" ({Words.Short(commit)}, {message})",
        ({ } commit, _) => $" ({Words.Short(commit)})",
    };

    private static string By(Deployment deployment) => deployment.By.Length == 0 ? "" : $", asked for by {deployment.By}{Words.Because(deployment.Why)}";
}
