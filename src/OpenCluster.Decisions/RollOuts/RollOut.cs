using System.Collections.Immutable;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Placing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>
/// From one release to the next, batch by batch: start new instances beside the old ones; wait until they are ready and the
/// load-balancers send them traffic; watch them under it; only then drain as many old ones. The first batch is the canary. The
/// first bad instance ends it and everything goes back.
/// </summary>
public static class RollOut
{
    /// <summary>
    /// Started or drained in one go, whatever <see cref="RollOutRule.AtOnce"/> says, so that an outcome stays one transaction. A first release
    /// starts as many at once, for it replaces nothing.
    /// </summary>
    public const int MostAtOnce = 24;

    /// <summary>Ready by its agent's word but refused by the load-balancers for this long: nobody reaches it, so it is no good.</summary>
    public static readonly TimeSpan BalancersWithin = TimeSpan.FromSeconds(20);

    public static Decision<Deployment, RollOutAct> Step(Deployment deployment, RollOutFacts facts, DateTimeOffset now)
    {
        var work = new Work(deployment, facts, now);
        return deployment.Phase switch
        {
            DeploymentPhase.Rolling or DeploymentPhase.Watching => work.Forward(),
            DeploymentPhase.RollingBack => RollBack.Step(deployment, facts, now),
            _ => throw new InvalidOperationException($"Deployment {deployment.Id} is {deployment.Phase}: nothing rolls."),
        };
    }

    /// <summary>When <see cref="Step"/> must look again although nothing happened; null for never.</summary>
    public static DateTimeOffset? Wake(Deployment deployment, RollOutRule rule)
    {
        var limit = deployment.RollSince + rule.TimeLimit;
        return deployment.Phase switch
        {
            DeploymentPhase.Watching => Earlier(deployment.Since + rule.Watch, limit),
            DeploymentPhase.Rolling when deployment.ReadySince is { } ready => Earlier(ready + BalancersWithin, limit),
            DeploymentPhase.Rolling => limit,
            DeploymentPhase.RollingBack => deployment.Since + rule.TimeLimit,
            _ => null,
        };
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a < b ? a : b;

    private sealed class Work(Deployment deployment, RollOutFacts facts, DateTimeOffset now)
    {
        private readonly ImmutableArray<RollOutAct>.Builder acts = ImmutableArray.CreateBuilder<RollOutAct>();
        private readonly string release = facts.Release.Id;
        private Deployment state = deployment with { RollSince = deployment.RollSince ?? now };

        public Decision<Deployment, RollOutAct> Forward()
        {
            LeaveTheDown();
            if (FirstBad() is { } bad)
                return GoBack(bad);
            if (now >= state.RollSince + facts.Rule.TimeLimit)
                return GoBack(new Failure("roll-out-timeout", $"it was not through after {Words.For(facts.Rule.TimeLimit)}: {Whereabouts()}"));
            if (!state.Batch.IsEmpty && !BatchPassed())
                return Decided();

            DrainReplaced();
            if (state.Batch.IsEmpty && !NextBatch())
                End();
            return Decided();
        }

        /// <summary>New instances whose server died are started elsewhere; that says nothing about the release.</summary>
        private void LeaveTheDown()
        {
            foreach (var lost in Fresh().Where(f => f.Server == ServerStanding.Down).ToList())
            {
                acts.Add(new RollOutAct.Stop(lost.Id));
                gone.Add(lost.Id);
            }

            if (state.Batch.Any(b => gone.Contains(b.InstanceId) || facts.Instances.All(i => i.Id != b.InstanceId)))
                state = state with { Batch = [.. state.Batch.Where(b => Fresh().Any(f => f.Id == b.InstanceId))] };
            // Nothing is left to watch, and what starts next must be watched from its own beginning.
            if (state.Batch.IsEmpty && state.Phase == DeploymentPhase.Watching)
                state = state.To(DeploymentPhase.Rolling, now) with { ReadySince = null };
        }

        private Failure? FirstBad()
        {
            foreach (var fresh in Fresh())
            {
                var member = state.Batch.FirstOrDefault(b => b.InstanceId == fresh.Id);
                if (member is not null)
                {
                    var verdict = InstanceVerdict.Of(fresh, facts.Spec, facts.Rule, member.ReadyRestarts, now);
                    if (verdict.Standing == Standing.Bad)
                        return verdict.Failure;
                    if (verdict.Standing == Standing.Good && member.ReadyRestarts is null)
                        state = state with { Batch = state.Batch.Replace(member, member with { ReadyRestarts = fresh.Status!.Restarts }) };
                }
                else
                {
                    // It passed its watch; one later death is its agent's business, a second one is not chance.
                    var verdict = InstanceVerdict.Of(fresh, facts.Spec, facts.Rule, readyRestarts: null, now);
                    if (verdict.Standing == Standing.Bad)
                        return verdict.Failure;
                }
            }

            return null;
        }

        /// <summary>True when the batch has been good for its whole watch.</summary>
        private bool BatchPassed()
        {
            var batch = Fresh().Where(f => state.Batch.Any(b => b.InstanceId == f.Id)).ToList();
            if (!batch.TrueForAll(f => f.Ready))
            {
                // Out of sight for a moment: what was watched so far is not worth much, start the watch again.
                if (state.Phase == DeploymentPhase.Watching)
                    state = state.To(DeploymentPhase.Rolling, now);
                state = state with { ReadySince = null };
                return false;
            }

            state = state with { ReadySince = state.ReadySince ?? now };
            if (state.Phase == DeploymentPhase.Rolling)
            {
                if (batch.TrueForAll(f => f.Sight.InUse))
                    state = state.To(DeploymentPhase.Watching, now);
                else if (now < state.ReadySince + BalancersWithin)
                    return false;
                else if (batch.Find(f => f.Sight is { Heard: true, Up: false }) is { } unseen)
                    return NobodyReaches(unseen);
                else
                    state = state.To(DeploymentPhase.Watching, now);
            }

            if (now < state.Since + facts.Rule.Watch)
                return false;
            state = state.To(DeploymentPhase.Rolling, now) with { Batch = [], ReadySince = null };
            return true;
        }

        private bool NobodyReaches(InstanceFacts unseen)
        {
            unreached = new Failure("unreachable", $"instance {unseen.Id} on {unseen.ServerName} is ready by its agent's word, but no load-balancer could use it within " +
                $"{Words.For(BalancersWithin)}{(unseen.Sight.Trouble is { } why ? $": {why}" : "")}");
            return false;
        }

        /// <summary>As many old ones go as watched new ones have come, the least useful first.</summary>
        private void DrainReplaced()
        {
            var watched = Fresh().Count(f => f.Ready && state.Batch.All(b => b.InstanceId != f.Id));
            var old = Old().ToList();
            var freshServers = Fresh().Select(f => f.Instance.ServerId).ToHashSet(StringComparer.Ordinal);
            var tooMany = old.Count - Math.Max(0, facts.Wanted - watched);
            foreach (var victim in old
                .OrderBy(o => o.Server == ServerStanding.Alive)
                .ThenBy(o => o.Ready)
                .ThenBy(o => o.Instance.ReleaseId == facts.Previous?.Id)
                .ThenByDescending(o => freshServers.Contains(o.Instance.ServerId))
                .Take(Math.Clamp(tooMany, 0, MostAtOnce)))
            {
                acts.Add(new RollOutAct.Drain(victim.Id));
                gone.Add(victim.Id);
            }
        }

        /// <summary>Starts the next batch; false when there is nothing left to start.</summary>
        private bool NextBatch()
        {
            var missing = facts.Wanted - Fresh().Count();
            if (missing <= 0)
                return false;
            // What the last batch replaced leaves first, so that never more than one batch is run beside what is wanted.
            if (gone.Count > 0 || facts.Instances.Any(i => !i.Runs && i.Instance.ReleaseId != release))
                return true;

            var old = Old().ToList();
            // Servers that were just declared are about to report: a first release that did not wait would crowd onto whoever was first.
            if (old.Count == 0 && !Fresh().Any() && facts.AwaitedUntil is not null)
                return true;
            var count = Math.Min(missing, old.Exists(o => o.Ready) ? Math.Min(facts.Rule.AtOnce, MostAtOnce) : MostAtOnce);
            var servers = Seats(count, old);
            if (servers.Count > 0)
            {
                acts.AddRange(servers.Select(id => new RollOutAct.Start(id, release)));
                return true;
            }

            if (old.Count > 0)
            {
                MakeRoom(old.FindAll(o => facts.Candidates.Any(c => c.ServerId == o.Instance.ServerId && c.Trusted)));
                return true;
            }

            if (Fresh().Any())
            {
                state = state with { Remark = $"{Fresh().Count()} of {facts.Wanted} run: {Placement.WhyNot(facts.Spec.Takes, facts.Candidates)}" };
                return false;
            }

            return true;
        }

        /// <summary>Among servers equally good for the spread, a new instance takes the server of one it replaces; with kept directories it must.</summary>
        private IReadOnlyList<string> Seats(int count, List<InstanceFacts> old)
        {
            var partners = old.Select(o => o.Instance.ServerId).ToHashSet(StringComparer.Ordinal);
            var candidates = facts.Candidates
                .Select(c => c with { Partner = partners.Contains(c.ServerId), Sticky = !facts.Spec.Persistent.IsEmpty && partners.Contains(c.ServerId) })
                .ToList();
            return Placement.Pick(count, facts.Spec.Takes, Fresh().Select(f => f.Instance.ServerId), candidates);
        }

        /// <summary>
        /// Nothing fits beside the old ones: an old one must go first, and is missed until the new one is ready. Only where its successor could
        /// start at once: on a server that is silent, or just back, it would be missed for nothing.
        /// </summary>
        private void MakeRoom(List<InstanceFacts> old)
        {
            foreach (var victim in old.OrderBy(o => o.Ready).Take(Math.Min(facts.Rule.AtOnce, MostAtOnce)))
            {
                acts.Add(new RollOutAct.Drain(victim.Id));
                Say(Weight.Warning, $"{facts.Name}: {victim.Id} on {victim.ServerName} stops before its successor starts, because " +
                    $"{Placement.WhyNot(facts.Spec.Takes, facts.Candidates)}.");
            }
        }

        private void End()
        {
            if (facts.Instances.Any(i => i.Instance.ReleaseId != release && !gone.Contains(i.Id)) || gone.Count > 0)
                return;
            state = state.EndedAs(DeploymentPhase.Done, now);
        }

        private Decision<Deployment, RollOutAct> GoBack(Failure failure)
        {
            acts.Clear();
            state = state with { Failure = failure, Batch = [], ReadySince = null };
            var decision = RollBack.Begin(state, facts, now);
            return decision;
        }

        private Decision<Deployment, RollOutAct> Decided() =>
            unreached is not null ? GoBack(unreached) : new(state, Persist.StateFirst, acts.ToImmutable());

        private string Whereabouts() => state.Batch.IsEmpty
            ? Placement.WhyNot(facts.Spec.Takes, facts.Candidates)
            : string.Join(", ", Fresh().Where(f => !f.Ready).Select(f => $"{f.Id} on {f.ServerName} is {f.Status?.Phase.ToString() ?? "not reported"}"));

        private void Say(Weight weight, string text) => acts.Add(new RollOutAct.Say(weight, text, []));

        private readonly HashSet<string> gone = new(StringComparer.Ordinal);
        private Failure? unreached;

        private IEnumerable<InstanceFacts> Fresh() =>
            facts.Instances.Where(i => i.Runs && i.Instance.ReleaseId == release && !gone.Contains(i.Id));

        private IEnumerable<InstanceFacts> Old() =>
            facts.Instances.Where(i => i.Runs && i.Instance.ReleaseId != release && !gone.Contains(i.Id));
    }
}
