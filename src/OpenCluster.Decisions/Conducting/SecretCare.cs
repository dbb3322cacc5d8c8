using System.Collections.Immutable;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Which values of secrets what runs is given, by number; the values never come near the conductor. A release keeps the numbers it was made
/// with, so that a roll-out of a new value that fails goes back to the one before.
/// </summary>
internal static class SecretCare
{
    public const string MissingCode = "secret-missing";

    /// <summary>In a release: whichever is newest, for services that are told of a new value instead of being replaced.</summary>
    private const int Newest = 0;

    public static void Changed(Situation situation, ClusterEvent.SecretChanged e)
    {
        var state = situation.State;
        var versions = new SecretVersions(e.SecretId, e.Newest, e.Oldest);
        state.Secrets.Put(e.SecretId, versions);
        var name = state.Objects.Cluster.Secrets.FirstOrDefault(s => s.Id == e.SecretId)?.Name;
        situation.Say(Weight.Info, $"secret/{name ?? e.SecretId}", $"Secret {name ?? e.SecretId} {(versions.HasValue ? $"has its value number {e.Newest}" : "has no value any more")}, by {e.By}{Words.Because(e.Why)}.");

        var due = ImmutableArray.CreateBuilder<DueDeployment>();
        foreach (var (service, there) in state.Objects.Cluster.Services.SelectMany(s => s.Deployments, (s, d) => (s, d)))
        {
            var place = new ServiceZone(service.Id, state.Objects.ZoneId(there.Zone));
            foreach (var instance in state.InstancesOf(place))
                situation.Changes.TellAgent(instance.ServerId);
            if (name is null || !versions.HasValue || !(there.Spec.Secrets.Contains(name) || there.Spec.Build?.Secrets.Contains(name) == true))
                continue;
            due.Add(new(service.Id, place.Zone, e.By, e.Why.Length > 0 ? e.Why : $"secret {name} has a new value", Secrets: true));
        }

        // What an apply wants deployed takes the new values with it.
        state.Objects.Due = [.. state.Objects.Due, .. due.Where(n => !state.Objects.Due.Any(d => d.ServiceId == n.ServiceId && d.Zone == n.Zone))];
    }

    /// <summary>What waited for a value is asked for again as it was; what runs is rolled out with the new one.</summary>
    public static void Deploy(Situation situation, ServiceZone place, DueDeployment due)
    {
        if (situation.State.DeploymentsOf(place).LastOrDefault(d => !d.NothingToDo) is { Failure.Code: MissingCode } waited)
            Deploying.Ask(situation, place, new DeployWish(waited.Branch, waited.Commit, waited.SourceDigest, due.By, due.Why));
        else
            Deploying.WithNewSecrets(situation, place, due.By, due.Why);
    }

    /// <summary>The first secret of a service, or of its build, that has no value; null when all have.</summary>
    public static string? Missing(ClusterState state, ServiceSpec spec) =>
        spec.Secrets.Concat(spec.Build?.Secrets ?? []).FirstOrDefault(name => Named(state, name) is not { } secret || state.Secrets.Find(secret.Id) is not { HasValue: true });

    /// <summary>What a release that is made now is to have.</summary>
    public static ImmutableArray<SecretRef> Now(ClusterState state, ServiceSpec spec) =>
        spec.OnNewSecret == NewSecret.Replace ? Now(state, spec.Secrets) : [.. Now(state, spec.Secrets).Select(s => s with { Version = Newest })];

    /// <summary>These secrets in their newest values; those without a value are left out.</summary>
    public static ImmutableArray<SecretRef> Now(ClusterState state, ImmutableArray<string> names) =>
    [
        .. from name in names.Distinct(StringComparer.Ordinal)
           let secret = Named(state, name)
           where secret is not null
           let versions = state.Secrets.Find(secret.Id)
           where versions is { HasValue: true }
           select new SecretRef(secret.Id, name, versions.Newest),
    ];

    /// <summary>What an agent is told of a release's: the values it was made with while they are kept, else the newest.</summary>
    public static ImmutableArray<SecretRef> Given(ClusterState state, ImmutableArray<SecretRef> secrets) =>
    [
        .. from secret in secrets
           let versions = state.Secrets.Find(secret.Id)
           where versions is { HasValue: true }
           select secret with { Version = secret.Version >= versions.Oldest ? secret.Version : versions.Newest },
    ];

    private static Secret? Named(ClusterState state, string name) => state.Objects.Cluster.Secrets.FirstOrDefault(s => s.Name == name);
}
