using System.Collections.Immutable;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Decisions.Servers;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Conducting;

/// <summary>What is observed of a server; memory only.</summary>
internal sealed class ObservedServer(ServerHealth health)
{
    public ServerHealth Health { get; set; } = health;
    public ServerReport? Report { get; private set; }
    public Dictionary<string, InstanceStatus> Instances { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, BuildStatus> Builds { get; } = new(StringComparer.Ordinal);

    public void Take(ServerReport report)
    {
        Report = report;
        Instances.Clear();
        foreach (var status in report.Instances)
            Instances[status.Id] = status;
        Builds.Clear();
        foreach (var build in report.Builds)
            Builds[build.ReleaseId] = build;
    }

    /// <summary>A report that says nothing new about instances and builds; kept for its figures.</summary>
    public void TakeFigures(ServerReport report) => Report = report;
}

/// <summary>What is observed of a load-balancer process; memory only.</summary>
internal sealed class ObservedBalancer
{
    public required BalancerReport Report { get; set; }
    public DateTimeOffset HeardAt { get; set; }
    public Dictionary<string, TargetReport> Targets { get; } = new(StringComparer.Ordinal);
}

/// <summary>Everything the conductor's parts work on: the documents, what is observed, the time, and who is to be looked at next.</summary>
internal sealed class Situation
{
    private readonly Queue<ServiceZone> places = new();
    private readonly HashSet<ServiceZone> queued = [];

    public Situation(DateTimeOffset now)
    {
        Now = Resumed = now;
        Doubt = new SelfDoubt { JudgeFrom = now };
        State = new ClusterState(Changes);
    }

    /// <summary>When it was made from the store. What waits for an answer is asked anew then, so its time begins anew.</summary>
    public DateTimeOffset Resumed { get; }

    /// <summary>Never goes back.</summary>
    public DateTimeOffset Now { get; set; }
    public Changes Changes { get; } = new();
    public ClusterState State { get; }
    public Dictionary<string, ObservedServer> Servers { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, ObservedBalancer> Balancers { get; } = new(StringComparer.Ordinal);
    public SelfDoubt Doubt { get; set; }
    public Wakes<string> ServerWakes { get; } = new();
    public Wakes<ServiceZone> PlaceWakes { get; } = new();
    /// <summary>Places whose spread is to be looked at; apart from the others, whose earlier looks would take these with them.</summary>
    public Wakes<ServiceZone> SpreadWakes { get; } = new();
    /// <summary>Replicated sets with what is remembered of them, by the space's id.</summary>
    public Dictionary<string, SetState> Sets { get; } = new(StringComparer.Ordinal);
    public Wakes<string> SetWakes { get; } = new();
    public NoteRing Notes { get; } = new();

    /// <summary>Places whose instances come, go or are watched: they look at every report of a load-balancer.</summary>
    public HashSet<ServiceZone> Lively { get; } = [];

    /// <summary>Places that could not have what they wanted (a server, a builder): looked at again when a server changes.</summary>
    public HashSet<ServiceZone> Wanting { get; } = [];

    /// <summary>Servers that came back a while ago; whoever waits for one looks again when it is trusted again.</summary>
    public HashSet<string> Unsettled { get; } = new(StringComparer.Ordinal);

    /// <summary>Places that could not be decided about, and until when they stay as they are.</summary>
    public Dictionary<ServiceZone, DateTimeOffset> LeftOut { get; } = [];

    /// <summary>Since when an instance is known to be where it should not be.</summary>
    public Dictionary<string, DateTimeOffset> MisplacedSince { get; } = new(StringComparer.Ordinal);

    /// <summary>The instance last started only for a better spread, and when; memory only: after a restart it is surplus like any other.</summary>
    public Dictionary<ServiceZone, (string InstanceId, DateTimeOffset Since)> Arriving { get; } = [];

    /// <summary>What each place was last said to lack, so that it is said once.</summary>
    public Dictionary<ServiceZone, string> SaidMissing { get; } = [];

    /// <summary>Servers about whose second agent it was said.</summary>
    public HashSet<string> SaidClone { get; } = new(StringComparer.Ordinal);

    /// <summary>Store revision at which an instance's drain was committed: load-balancers that serve a newer one know of it.</summary>
    public Dictionary<string, long> DrainRevision { get; } = new(StringComparer.Ordinal);

    /// <summary>Built-in parts (load-balancers, controllers) must be looked at.</summary>
    public bool PartsDue { get; set; }

    /// <summary>Servers have left the file: what is remembered of them can go.</summary>
    public bool LeftoversDue { get; set; }

    public int PlacesQueued => places.Count;

    public ClusterSettings Settings => State.Objects.Cluster.Settings;

    public void Queue(ServiceZone place)
    {
        if (place.Zone.Length == 0)
            PartsDue = true;
        else if (queued.Add(place))
            places.Enqueue(place);
    }

    public bool TryNext(out ServiceZone place)
    {
        if (!places.TryDequeue(out place))
            return false;
        queued.Remove(place);
        return true;
    }

    public void QueueWanting()
    {
        foreach (var place in Wanting.OrderBy(p => p.ServiceId, StringComparer.Ordinal).ThenBy(p => p.Zone, StringComparer.Ordinal))
            Queue(place);
    }

    public void Say(Weight weight, string subject, string text, ImmutableArray<string> evidence = default)
    {
        var note = new Note(Now, weight, subject, text) { Evidence = evidence.IsDefault ? [] : evidence };
        Notes.Add(note);
        Changes.Do(new ClusterEffect.Tell(note));
    }

    public ServerHealth HealthOf(string serverId) =>
        Servers.TryGetValue(serverId, out var server) ? server.Health : ServerHealth.Awaited(everSeen: false, Now);

    public ServerStanding StandingOf(string serverId) => State.Server(serverId) is null
        ? ServerStanding.Down
        : HealthOf(serverId).State switch
        {
            ServerState.Alive => ServerStanding.Alive,
            ServerState.Down => ServerStanding.Down,
            _ => ServerStanding.OutOfSight,
        };

    /// <summary>The pause that stops automatic acts here, or null. Empty ids ask about that part only.</summary>
    public Pause? Paused(string serviceId = "", string serverId = "") =>
        State.Pauses.Find(PauseKey(""))
        ?? (serviceId.Length > 0 ? State.Pauses.Find(PauseKey($"service/{serviceId}")) : null)
        ?? (serverId.Length > 0 ? State.Pauses.Find(PauseKey($"server/{serverId}")) : null);

    /// <summary>A key may not end in nothing, so the pause of everything is called all.</summary>
    public static string PauseKey(string scope) => scope.Length == 0 ? "all" : scope;

    /// <summary>A service in a zone as people call it: the zone is left out when there is only one.</summary>
    public string NameOf(ServiceZone place)
    {
        var service = State.Objects.Service(place.ServiceId)?.Name ?? State.Objects.LoadBalancer(place.ServiceId)?.Name ?? State.Objects.Space(place.ServiceId)?.Name ?? place.ServiceId;
        return State.Objects.Cluster.Zones.Length <= 1 || place.Zone.Length == 0 ? service : $"{service} in {State.Objects.ZoneName(place.Zone)}";
    }

    public string ServerName(string id) => State.Server(id)?.Name ?? id;
}
