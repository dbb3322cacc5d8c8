using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>
/// Back to the release before. What serves goes on serving until something better does: an instance of the failed release leaves
/// when it serves nobody, or when enough others do. With nothing to go back to, whatever serves is left alone.
/// </summary>
internal static class RollBack
{
    /// <summary><paramref name="deployment"/> carries the failure; the answer already acts.</summary>
    public static Decision<Deployment, RollOutAct> Begin(Deployment deployment, RollOutFacts facts, DateTimeOffset now)
    {
        var failure = deployment.Failure!;
        if (facts.Previous is null)
            return NothingBefore(deployment, facts, now);
        var decision = Step(deployment.To(DeploymentPhase.RollingBack, now), facts, now);
        return decision with
        {
            Effects = decision.Effects.Insert(0, new RollOutAct.Say(
                Weight.Trouble,
                $"{facts.Name}: release {facts.Release.Number} is rolled back to {facts.Previous.Number}: {failure.Reason}",
                failure.Log)),
        };
    }

    public static Decision<Deployment, RollOutAct> Step(Deployment deployment, RollOutFacts facts, DateTimeOffset now)
    {
        deployment = WithLines(deployment, facts);
        var acts = ImmutableArray.CreateBuilder<RollOutAct>();
        var previous = facts.Previous ?? throw new InvalidOperationException($"Deployment {deployment.Id} rolls back to nothing.");
        var good = facts.Instances.Where(i => i.Runs && i.Instance.ReleaseId == previous.Id).ToList();
        var bad = facts.Instances.Where(i => i.Runs && i.Instance.ReleaseId != previous.Id).ToList();

        foreach (var lost in good.Where(g => g.Server == ServerStanding.Down).ToList())
        {
            // It resumes if its server returns before a successor is ready; placement removes what is too much then.
            good.Remove(lost);
        }

        var missing = Math.Min(facts.Wanted - good.Count, RollOut.MostAtOnce);
        var servers = Placement.Pick(missing, facts.Spec.Takes, good.Select(g => g.Instance.ServerId), facts.Candidates);
        acts.AddRange(servers.Select(id => new RollOutAct.Start(id, previous.Id)));

        var goodReady = good.Count(g => g.Ready && (g.Sight.InUse || g.Sight.Up));
        var badReady = bad.Count(b => b.Ready);
        // Wanted ones fit nowhere: one that serves must make room, but not while room is being made already or a good one is coming.
        var makeRoom = missing > 0 && servers.Count == 0 && badReady == bad.Count && good.TrueForAll(g => g.Ready) && facts.Instances.All(i => i.Runs)
            ? facts.Rule.AtOnce
            : 0;
        // Of those out of sight nothing is known, so nothing is done to them.
        foreach (var leaving in bad.Where(b => b.Server != ServerStanding.OutOfSight).OrderBy(b => b.Ready).ThenByDescending(b => b.Instance.Created))
        {
            var serves = leaving.Ready;
            if (serves && goodReady + badReady - 1 < facts.Wanted && makeRoom-- <= 0)
                continue;
            acts.Add(serves ? new RollOutAct.Drain(leaving.Id) : new RollOutAct.Stop(leaving.Id));
            if (serves)
                badReady--;
        }

        var restored = goodReady >= facts.Wanted && facts.Instances.All(i => i.Instance.ReleaseId == previous.Id);
        if (restored)
        {
            acts.Add(new RollOutAct.Say(Weight.Good, $"{facts.Name}: release {previous.Number} serves again.", []));
            return new(deployment.EndedAs(DeploymentPhase.RolledBack, now), Persist.StateFirst, acts.ToImmutable());
        }

        return now >= deployment.Since + facts.Rule.TimeLimit
            ? GaveUp(deployment, facts, goodReady, previous, acts, now)
            : new(deployment, Persist.StateFirst, acts.ToImmutable());
    }

    /// <summary>
    /// A load-balancer's complaint comes sooner than the agent's next report: what the instance wrote while it failed is known only
    /// after the decision.
    /// </summary>
    private static Deployment WithLines(Deployment deployment, RollOutFacts facts)
    {
        if (deployment.Failure is not { Code: InstanceVerdict.FailedRequests, InstanceId: { } id } failure) return deployment;
        var wrote = facts.Instances.FirstOrDefault(i => i.Id == id)?.Status?.Wrote ?? [];
        return wrote.IsEmpty || wrote.SequenceEqual(failure.Log) ? deployment : deployment with { Failure = failure with { Log = wrote } };
    }

    private static Decision<Deployment, RollOutAct> GaveUp(
        Deployment deployment, RollOutFacts facts, int goodReady, Release previous, ImmutableArray<RollOutAct>.Builder acts, DateTimeOffset now)
    {
        var why = deployment.Failure!;
        var failure = why with
        {
            Reason = $"{why.Reason}; and going back ended after {Words.For(facts.Rule.TimeLimit)} with {goodReady} of {facts.Wanted} instances of release " +
                $"{previous.Number} ready. What serves is left as it is.",
        };
        acts.Add(new RollOutAct.Say(Weight.Trouble, $"{facts.Name}: {failure.Reason}", failure.Log));
        return new(deployment.FailedWith(failure, now), Persist.StateFirst, acts.ToImmutable());
    }

    private static Decision<Deployment, RollOutAct> NothingBefore(Deployment deployment, RollOutFacts facts, DateTimeOffset now)
    {
        var failure = deployment.Failure!;
        var acts = ImmutableArray.CreateBuilder<RollOutAct>();
        if (facts.RunsAlready)
        {
            // It is what should run, so its instances are left to those who keep it running.
            acts.Add(new RollOutAct.Say(Weight.Trouble, $"{facts.Name}: release {facts.Release.Number} has trouble, and stays what should run: {failure.Reason}", failure.Log));
            return new(deployment.FailedWith(failure, now), Persist.StateFirst, acts.ToImmutable());
        }

        var serving = facts.Instances.Count(i => i.Runs && i.Ready);
        foreach (var useless in facts.Instances.Where(i => i is { Runs: true, Ready: false, Server: not ServerStanding.OutOfSight }).Take(96))
            acts.Add(new RollOutAct.Stop(useless.Id));
        acts.Add(new RollOutAct.Say(
            Weight.Trouble,
            $"{facts.Name}: release {facts.Release.Number} failed, and there is none to go back to: {failure.Reason}" +
                (serving > 0 ? $". {Words.Count(serving, "instance")} that still answers is left running." : "."),
            failure.Log));
        return new(deployment.FailedWith(failure, now), Persist.StateFirst, acts.ToImmutable());
    }
}
