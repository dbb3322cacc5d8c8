using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using OpenCluster.Decisions.Servers;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// Takes over what the owner declared: gives ids to what is new, and makes a list of what has to be deployed. All of it is one
/// transaction of a dozen documents; the deployments themselves follow, some at a time.
/// </summary>
internal static class Applying
{
    /// <summary>Objects and text of a file go into one transaction of at most 1.25 MiB.</summary>
    public const int MostObjectBytes = 900 << 10;

    public const int MostTextBytes = 256 << 10;

    public static void Apply(Situation situation, ClusterEvent.Applied applied)
    {
        var state = situation.State;
        var (objects, text) = (ObjectDocuments.SizeOf(applied.Cluster), Encoding.UTF8.GetByteCount(applied.Text));
        if (objects > MostObjectBytes || text > MostTextBytes)
        {
            situation.Changes.Refused = new Failure("file-too-large", $"The file has {text >> 10} KiB of text and makes {objects >> 10} KiB of objects; the most are {MostTextBytes >> 10} and {MostObjectBytes >> 10}. Make two clusters of it.");
            return;
        }

        if (SpaceChanges.Refused(state, applied.Cluster) is { } refused)
        {
            situation.Changes.Refused = refused;
            return;
        }

        var before = TakeOver(situation, applied.Cluster, applied.By, applied.Why);
        var number = (state.Files.Count == 0 ? 0 : state.Files.Keys.Last()) + 1;
        var file = new AppliedFile(number, situation.Now, applied.By, applied.Why, applied.Text);
        state.Remember(file);
        situation.Changes.Write($"{Keys.File}{number}", () => JsonSerializer.SerializeToUtf8Bytes(file, DocumentsJson.Default.AppliedFile));
        if (state.Files.Count > ClusterState.MostFiles)
        {
            var oldest = state.Files.Keys.First();
            state.Files.Remove(oldest);
            situation.Changes.Write($"{Keys.File}{oldest}", () => default(ReadOnlyMemory<byte>?));
        }

        situation.Say(Weight.Info, "cluster", $"Version {number} of the file is applied by {applied.By}{Words.Because(applied.Why)}.");
        Everything(situation, before);
    }

    /// <summary>Objects changed otherwise than by a file: the same, without a version.</summary>
    public static void Change(Situation situation, ClusterEvent.Changed changed) =>
        Everything(situation, TakeOver(situation, changed.Cluster, changed.By, changed.Why));

    /// <summary>Makes the deployments an apply called for, as many as fit into one outcome.</summary>
    public static void MakeDue(Situation situation)
    {
        var objects = situation.State.Objects;
        while (!objects.Due.IsEmpty && situation.Changes.Documents < ServiceCare.FullOutcome)
        {
            var due = objects.Due[0];
            objects.Due = objects.Due.RemoveAt(0);
            var place = new ServiceZone(due.ServiceId, due.Zone);
            if (objects.Declared(place) is not var (service, _))
                continue;
            if (due.Secrets)
            {
                SecretCare.Deploy(situation, place, due);
                continue;
            }

            // A directory's first content comes with the deploy of whoever has the directory.
            if (service.Source is { Directory: not null } && situation.State.ReleasesOf(service.Id).All(r => r.SourceDigest is null))
                continue;
            Deploying.Ask(situation, place, new DeployWish(null, null, null, due.By, due.Why));
        }
    }

    /// <returns>The objects as they were.</returns>
    private static Cluster TakeOver(Situation situation, Cluster wanted, string by, string why)
    {
        var state = situation.State;
        var before = state.Objects.Cluster;
        var cluster = WithIds(state, before, wanted);
        var due = Due(state, before, cluster, by, why);

        var left = before.Servers.Where(b => cluster.Servers.All(s => s.Id != b.Id) && state.Busy(b.Id)).ToList();
        state.Objects.Replace(cluster);
        var leaving = state.Objects.Leaving.Where(l => cluster.Servers.All(s => s.Id != l.Id)).Concat(left).DistinctBy(s => s.Id).ToImmutableArray();
        if (!leaving.SequenceEqual(state.Objects.Leaving))
            state.Objects.Leaving = leaving;
        if (!due.IsEmpty)
            state.Objects.Due = [.. state.Objects.Due.Where(d => !due.Any(n => n.ServiceId == d.ServiceId && n.Zone == d.Zone)), .. due];
        return before;
    }

    private static Cluster WithIds(ClusterState state, Cluster before, Cluster wanted)
    {
        var zones = ImpliedZones(wanted);
        return wanted with
        {
            Zones = Given(state, "zone", before.Zones, zones, (z, id) => z with { Id = id }, z => z.RenamedFrom),
            Roles = Given(state, "role", before.Roles, wanted.Roles, (r, id) => r with { Id = id }, r => r.RenamedFrom),
            Servers = Given(state, "srv", before.Servers, wanted.Servers, (s, id) => s with { Id = id }, s => s.RenamedFrom),
            Services = Given(state, "svc", before.Services, wanted.Services, (s, id) => s with { Id = id }, s => s.RenamedFrom),
            LoadBalancers = Given(state, "lb", before.LoadBalancers, wanted.LoadBalancers, (b, id) => b with { Id = id }, b => b.RenamedFrom),
            Routes = Given(state, "route", before.Routes, wanted.Routes, (r, id) => r with { Id = id }, r => r.RenamedFrom),
            Certificates = Given(state, "certificate", before.Certificates, wanted.Certificates, (c, id) => c with { Id = id }, c => c.RenamedFrom),
            Data = Given(state, "spc", before.Data, wanted.Data, (s, id) => s with { Id = id }, s => s.RenamedFrom),
            Endpoints = Given(state, "endpoint", before.Endpoints, wanted.Endpoints, (e, id) => e with { Id = id }, e => e.RenamedFrom),
            Secrets = Given(state, "secret", before.Secrets, wanted.Secrets, (s, id) => s with { Id = id }, s => s.RenamedFrom),
        };
    }

    /// <summary>There is always a zone "default", and every zone that is named anywhere exists.</summary>
    private static ImmutableArray<Zone> ImpliedZones(Cluster wanted)
    {
        var named = wanted.Servers.Select(s => s.Zone).Concat(wanted.Services.SelectMany(s => s.Deployments).Select(d => d.Zone)).Append("default");
        var known = wanted.Zones.Select(z => z.Name).ToHashSet(StringComparer.Ordinal);
        return [.. wanted.Zones, .. named.Where(known.Add).Order(StringComparer.Ordinal).Select(n => new Zone { Name = n })];
    }

    /// <summary>An object without an id is the one that had its name, or the name it was renamed from; else it is new.</summary>
    private static ImmutableArray<T> Given<T>(
        ClusterState state, string kind, ImmutableArray<T> before, ImmutableArray<T> wanted, Func<T, string, T> with, Func<T, string?> renamedFrom)
        where T : class, INamed
    {
        var byName = before.ToDictionary(o => o.Name, StringComparer.Ordinal);
        var taken = wanted.Where(w => w.Id.Length > 0).Select(w => w.Id).ToHashSet(StringComparer.Ordinal);
        var given = ImmutableArray.CreateBuilder<T>(wanted.Length);
        foreach (var one in wanted)
        {
            if (one.Id.Length > 0)
            {
                given.Add(one);
                continue;
            }

            var old = byName.GetValueOrDefault(one.Name) ?? (renamedFrom(one) is { } former ? byName.GetValueOrDefault(former) : null);
            given.Add(with(one, old is not null && taken.Add(old.Id) ? old.Id : $"{kind}-{state.Count(kind)}"));
        }

        return given.MoveToImmutable();
    }

    private static ImmutableArray<DueDeployment> Due(ClusterState state, Cluster before, Cluster cluster, string by, string why)
    {
        var due = ImmutableArray.CreateBuilder<DueDeployment>();
        var zoneIds = cluster.Zones.ToDictionary(z => z.Name, z => z.Id, StringComparer.Ordinal);
        var oldZones = before.Zones.ToDictionary(z => z.Id, z => z.Name, StringComparer.Ordinal);
        var oldServices = before.Services.ToDictionary(s => s.Id, StringComparer.Ordinal);
        foreach (var service in cluster.Services)
        {
            var old = oldServices.GetValueOrDefault(service.Id);
            foreach (var there in service.Deployments)
            {
                var zone = zoneIds[there.Zone];
                var was = old is not null && oldZones.TryGetValue(zone, out var oldName) ? old.In(oldName) : null;
                var reason = was is null
                    ? "new in the file"
                    : !SpecComparison.Same(old!.Source, service.Source) || was.Branch != there.Branch
                        ? "its source changed in the file"
                        : SpecComparison.RunsTheSame(was.Spec, there.Spec) ? null : "its specification changed in the file";
                if (reason is not null)
                    due.Add(new(service.Id, zone, by, why.Length == 0 ? reason : why));
            }
        }

        return due.DrainToImmutable();
    }

    /// <summary>Roles, routes, capacities, names: anything may have changed for anybody.</summary>
    private static void Everything(Situation situation, Cluster before)
    {
        var state = situation.State;
        foreach (var server in state.Objects.Cluster.Servers)
        {
            if (!situation.Servers.ContainsKey(server.Id))
                situation.Servers[server.Id] = new ObservedServer(ServerHealth.Awaited(everSeen: false, situation.Now));
            situation.Changes.TellAgent(server.Id);
        }

        situation.LeftoversDue = true;
        foreach (var server in before.Servers)
            situation.Changes.TellAgent(server.Id);
        QueueAll(situation);
        situation.Changes.TellBalancers();
    }

    public static void QueueAll(Situation situation)
    {
        var state = situation.State;
        foreach (var service in state.Objects.Cluster.Services)
        {
            foreach (var there in service.Deployments)
                situation.Queue(new(service.Id, state.Objects.ZoneId(there.Zone)));
        }

        foreach (var place in state.Places.OrderBy(p => p.ServiceId, StringComparer.Ordinal).ThenBy(p => p.Zone, StringComparer.Ordinal).ToList())
            situation.Queue(place);
        situation.PartsDue = true;
    }
}
