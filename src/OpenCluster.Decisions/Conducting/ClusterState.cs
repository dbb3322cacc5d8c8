using OpenCluster.Decisions.Placing;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using OpenCluster.Model;

namespace OpenCluster.Decisions.Conducting;

/// <summary>
/// The documents in memory, with the indexes that make an event cost what it concerns. Whatever is changed through here is written
/// with the event at hand; nothing else is durable.
/// </summary>
internal sealed class ClusterState
{
    private readonly Dictionary<ServiceZone, SortedDictionary<string, Instance>> instancesOf = [];
    private readonly Dictionary<string, SortedSet<string>> instancesOn = new(StringComparer.Ordinal);
    private readonly Dictionary<ServiceZone, SortedDictionary<int, Deployment>> deploymentsOf = [];
    private readonly Dictionary<string, SortedDictionary<int, Release>> releasesOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedSet<string>> buildsOn = new(StringComparer.Ordinal);
    private readonly Table<Release> releases;
    private readonly Table<Instance> instances;
    private readonly Table<Deployment> deployments;
    private readonly Table<Counter> counters;

    public ClusterState(Changes changes)
    {
        Changes = changes;
        Objects = new ObjectDocuments(changes);
        releases = new(Keys.Release, ModelJson.Default.Release, changes);
        instances = new(Keys.Instance, ModelJson.Default.Instance, changes);
        deployments = new(Keys.Deployment, DocumentsJson.Default.Deployment, changes);
        counters = new(Keys.Counter, DocumentsJson.Default.Counter, changes);
        Pauses = new(Keys.Pause, DocumentsJson.Default.Pause, changes);
        Seen = new(Keys.Seen, DocumentsJson.Default.SeenServer, changes);
        Purges = new(Keys.Purge, ModelJson.Default.CachePurge, changes);
        Respites = new(Keys.Respite, DocumentsJson.Default.Respite, changes);
        Secrets = new(Keys.Secret, DocumentsJson.Default.SecretVersions, changes);
        Sets = new(Keys.Set, DocumentsJson.Default.ReplicatedSet, changes);
        Peers = new(Keys.Peer, DocumentsJson.Default.SeenPeer, changes);
    }

    /// <summary>Applied files kept; the oldest goes when there is one more.</summary>
    public const int MostFiles = 1000;

    public Changes Changes { get; }

    /// <summary>What the owner declared.</summary>
    public ObjectDocuments Objects { get; }

    public Table<Pause> Pauses { get; }

    public Table<SeenServer> Seen { get; }

    /// <summary>By number, the newest <see cref="Purging.Most"/>.</summary>
    public Table<CachePurge> Purges { get; }

    /// <summary>Servers that are to carry no load, by id.</summary>
    public Table<Respite> Respites { get; }

    /// <summary>Which values there are, by the secret's id.</summary>
    public Table<SecretVersions> Secrets { get; }

    /// <summary>Replicated sets, by the space's id.</summary>
    public Table<Sets.ReplicatedSet> Sets { get; }

    /// <summary>By the balancer's instance id.</summary>
    public Table<SeenPeer> Peers { get; }

    /// <summary>Applied files without their text, oldest first.</summary>
    public SortedDictionary<int, AppliedFile> Files { get; } = [];

    public IEnumerable<Instance> Instances => instances.Values;
    public IEnumerable<Release> Releases => releases.Values;
    public IEnumerable<Deployment> Deployments => deployments.Values;

    public Instance? Instance(string id) => instances.Find(id);

    public Release? Release(string? id) => releases.Find(id);

    public Deployment? Deployment(string id) => deployments.Find(id);

    /// <summary>A server of the file, or one that is leaving.</summary>
    public Server? Server(string id) => Objects.Server(id) ?? Objects.Leaving.FirstOrDefault(s => s.Id == id);

    /// <summary>Instances of a service in a zone, oldest first.</summary>
    public IReadOnlyCollection<Instance> InstancesOf(ServiceZone place) =>
        instancesOf.TryGetValue(place, out var all) ? all.Values : [];

    public IReadOnlyCollection<string> InstancesOn(string serverId) =>
        instancesOn.TryGetValue(serverId, out var all) ? all : [];

    /// <summary>Deployments of a service into a zone, oldest first.</summary>
    public IReadOnlyCollection<Deployment> DeploymentsOf(ServiceZone place) =>
        deploymentsOf.TryGetValue(place, out var all) ? all.Values : [];

    /// <summary>Releases of a service in all its zones, oldest first.</summary>
    public IReadOnlyCollection<Release> ReleasesOf(string serviceId) =>
        releasesOf.TryGetValue(serviceId, out var all) ? all.Values : [];

    public IReadOnlyCollection<string> BuildsOn(string serverId) =>
        buildsOn.TryGetValue(serverId, out var all) ? all : [];

    /// <summary>Something runs or is built there.</summary>
    public bool Busy(string serverId) => instancesOn.ContainsKey(serverId) || buildsOn.ContainsKey(serverId);

    /// <summary>Every place that has an instance or a deployment, whether it is still declared or not.</summary>
    public IEnumerable<ServiceZone> Places => instancesOf.Keys.Union(deploymentsOf.Keys);

    /// <summary>The release that should run, by the last deployment that ended well; null when none ever did.</summary>
    public Release? Current(ServiceZone place) =>
        Release(DeploymentsOf(place).LastOrDefault(d => d is { Phase: DeploymentPhase.Done, NothingToDo: false, ReleaseId: not null })?.ReleaseId);

    /// <summary>The deployment that works on releases and instances; those still resolving their commit are not meant.</summary>
    public Deployment? Active(ServiceZone place) =>
        DeploymentsOf(place).LastOrDefault(d => d.Active && d.Phase != DeploymentPhase.Resolving);

    /// <summary>This store once gave out an id of this kind and number, whatever became of it.</summary>
    public bool HasGiven(string id) =>
        id.LastIndexOf('-') is > 0 and var dash
        && long.TryParse(id.AsSpan(dash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
        && number <= (counters.Find(id[..dash])?.Last ?? 0);

    public long Count(string kind)
    {
        var next = (counters.Find(kind)?.Last ?? 0) + 1;
        counters.Put(kind, new Counter(next));
        return next;
    }

    public void Put(Instance instance)
    {
        Index(instance);
        instances.Put(instance.Id, instance);
        Changes.TellAgent(instance.ServerId);
    }

    public void Remove(Instance instance)
    {
        var place = new ServiceZone(instance.ServiceId, instance.Zone);
        if (instancesOf.TryGetValue(place, out var inPlace) && inPlace.Remove(instance.Id) && inPlace.Count == 0)
            instancesOf.Remove(place);
        if (instancesOn.TryGetValue(instance.ServerId, out var onServer) && onServer.Remove(instance.Id) && onServer.Count == 0)
            instancesOn.Remove(instance.ServerId);
        instances.Remove(instance.Id);
        Peers.Remove(instance.Id);
        Changes.TellAgent(instance.ServerId);
    }

    public void Put(Release release)
    {
        if (Release(release.Id) is { } before)
            Unindex(before);
        Index(release);
        releases.Put(release.Id, release);
    }

    public void Remove(Release release)
    {
        Unindex(release);
        releases.Remove(release.Id);
    }

    public void Put(Deployment deployment)
    {
        Index(deployment);
        deployments.Put(deployment.Id, deployment);
    }

    public void Remove(Deployment deployment)
    {
        var place = new ServiceZone(deployment.ServiceId, deployment.Zone);
        if (deploymentsOf.TryGetValue(place, out var all) && all.Remove(deployment.Number) && all.Count == 0)
            deploymentsOf.Remove(place);
        deployments.Remove(deployment.Id);
    }

    /// <summary>Takes in one document of the store; those of the shell itself are passed over.</summary>
    public void Load(string key, ReadOnlySpan<byte> json)
    {
        if (Id(key, Keys.Instance) is { } instance)
            Index(instances.Load(instance, json));
        else if (Id(key, Keys.Release) is { } release)
            Index(releases.Load(release, json));
        else if (Id(key, Keys.Deployment) is { } deployment)
            Index(deployments.Load(deployment, json));
        else if (Id(key, Keys.Seen) is { } seen)
            Seen.Load(seen, json);
        else if (Id(key, Keys.Set) is { } set)
            Sets.Load(set, json);
        else if (Id(key, Keys.Peer) is { } peer)
            Peers.Load(peer, json);
        else if (Id(key, Keys.Counter) is { } counter)
            counters.Load(counter, json);
        else if (Id(key, Keys.Pause) is { } pause)
            Pauses.Load(pause, json);
        else if (Id(key, Keys.Purge) is { } purge)
            Purges.Load(purge, json);
        else if (Id(key, Keys.Respite) is { } respite)
            Respites.Load(respite, json);
        else if (Id(key, Keys.Secret) is { } secret)
            Secrets.Load(secret, json);
        else if (Id(key, Keys.File) is not null)
            Remember(AppliedFile.Read(json));
        else
            Objects.Load(key, json);
    }

    public void Remember(AppliedFile file) => Files[file.Number] = file with { Text = "" };

    /// <summary>Every document as it would be written now, applied files aside; for checks that memory and store agree.</summary>
    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Documents() =>
        Objects.Documents()
            .Concat(Of(releases)).Concat(Of(instances)).Concat(Of(deployments)).Concat(Of(counters)).Concat(Of(Pauses)).Concat(Of(Seen)).Concat(Of(Peers)).Concat(Of(Sets)).Concat(Of(Purges)).Concat(Of(Secrets)).Concat(Of(Respites));

    private static IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Of<T>(Table<T> table)
        where T : class =>
        table.All.Select(p => new KeyValuePair<string, ReadOnlyMemory<byte>>(table.Prefix + p.Key, table.Bytes(p.Key)!.Value));

    private static string? Id(string key, string prefix) => key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null;

    private void Index(Instance instance)
    {
        At(instancesOf, new ServiceZone(instance.ServiceId, instance.Zone), () => new(IdOrder.Instance))[instance.Id] = instance;
        At(instancesOn, instance.ServerId, () => new(IdOrder.Instance)).Add(instance.Id);
    }

    private void Index(Deployment deployment) =>
        At(deploymentsOf, new ServiceZone(deployment.ServiceId, deployment.Zone), () => [])[deployment.Number] = deployment;

    private void Index(Release release)
    {
        At(releasesOf, release.ServiceId, () => [])[release.Number] = release;
        if (release is { State: ReleaseState.Building, Builder: { } builder })
            At(buildsOn, builder, () => new(IdOrder.Instance)).Add(release.Id);
    }

    private void Unindex(Release release)
    {
        if (releasesOf.TryGetValue(release.ServiceId, out var ofService) && ofService.Remove(release.Number) && ofService.Count == 0)
            releasesOf.Remove(release.ServiceId);
        if (release.Builder is { } builder && buildsOn.TryGetValue(builder, out var onServer) && onServer.Remove(release.Id) && onServer.Count == 0)
            buildsOn.Remove(builder);
    }

    private static TValue At<TKey, TValue>(Dictionary<TKey, TValue> index, TKey key, Func<TValue> make)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var value))
            index[key] = value = make();
        return value;
    }
}
