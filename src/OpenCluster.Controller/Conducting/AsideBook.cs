using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Store;

namespace OpenCluster.Controller.Conducting;

/// <summary>
/// What the conductor could not decide about because it threw: documents <c>controller/aside/SOURCE</c>, one for each source (a
/// server's reports, a service's pushes, a service in a zone whatever the event), the last <see cref="Kept"/>. What comes again by itself is
/// not tried at every beat: after each failure its source is left out for <see cref="First"/>, twice as long each time, <see cref="Most"/> at
/// most. When it can be decided about again, its document goes. Owned by the loop.
/// </summary>
internal sealed class AsideBook
{
    public const string KeyPrefix = OwnKeys.Prefix + "aside/";
    public const int Kept = 50;

    public static readonly TimeSpan First = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Most = TimeSpan.FromMinutes(10);

    /// <summary>What keeps failing has failed at least once in so long. What has not is no fault any more, only remembered.</summary>
    public static readonly TimeSpan Lasts = Most * 1.5;

    private readonly Dictionary<string, DateTimeOffset> _leftOutUntil = new(StringComparer.Ordinal);
    private readonly Dictionary<ServiceZone, DateTimeOffset> _places = [];
    private ImmutableSortedDictionary<string, AsideView> _entries = ImmutableSortedDictionary.Create<string, AsideView>(StringComparer.Ordinal);

    /// <summary>Newest first. May be read from any thread.</summary>
    public ImmutableArray<AsideView> Entries => [.. Volatile.Read(ref _entries).Values.OrderByDescending(e => e.At)];

    public static AsideBook From(IEnumerable<Document> documents)
    {
        var entries = documents.Select(d => JsonSerializer.Deserialize(d.Value.Span, ApiJson.Default.AsideView)!);
        var book = new AsideBook { _entries = entries.ToImmutableSortedDictionary(e => e.Source, e => e, StringComparer.Ordinal) };
        // A service is tried anew at once: whoever starts a controller may have mended what was wrong.
        foreach (var source in book._entries.Keys)
        {
            if (PlaceOf(source) is { } place) book._places[place] = DateTimeOffset.MinValue;
        }

        return book;
    }

    /// <summary>Where an event comes from, as far as it would come again from there.</summary>
    public static string SourceOf(ClusterEvent happened) => happened switch
    {
        ClusterEvent.ServerReported e => $"report/{e.Report.ServerId}",
        ClusterEvent.BalancerReported e => $"report/{e.Report.Balancer}",
        ClusterEvent.Pushed e => $"push/{e.ServiceId}",
        ClusterEvent.CommitResolved e => $"commit/{e.DeploymentId}",
        ClusterEvent.CommitNotResolved e => $"commit/{e.DeploymentId}",
        ClusterEvent.DeployAsked e => $"deploy/{e.ServiceId}",
        ClusterEvent.RollBackAsked e => $"rollback/{e.ServiceId}",
        ClusterEvent.PauseChanged e => $"pause/{(e.Scope.Length == 0 ? "all" : e.Scope)}",
        ClusterEvent.SetsSaid e => $"sets/{e.ServerId}",
        ClusterEvent.PrimaryMoveAsked e => $"space/{e.SetId}",
        ClusterEvent.PrimaryForced e => $"space/{e.SetId}",
        ClusterEvent.Applied or ClusterEvent.Changed => "apply",
        _ => happened.GetType().Name,
    };

    /// <summary>A service in a zone: what is stored of it is at fault, not the event that made the conductor look.</summary>
    public static string SourceOf(ServiceZone place) => $"service/{place.ServiceId}/{place.Zone}";

    /// <summary>The other way; null for what is not a service.</summary>
    public static ServiceZone? PlaceOf(string source) => source.Split('/') is ["service", var id, var zone] ? new ServiceZone(id, zone) : null;

    /// <summary>Services that stay as they are, each until then; for a conductor that is made anew.</summary>
    public IEnumerable<KeyValuePair<ServiceZone, DateTimeOffset>> Places => _places;

    /// <summary>What fails now.</summary>
    public ImmutableArray<AsideView> Failing(DateTimeOffset wallClock) => [.. Entries.Where(e => wallClock - e.At < Lasts)];

    public bool Has(string source) => _entries.ContainsKey(source);

    /// <summary>Its source failed not long ago, and what comes from there by itself is not tried now.</summary>
    public bool LeavesOut(ClusterEvent happened, DateTimeOffset now) =>
        _leftOutUntil.Count > 0 && _leftOutUntil.TryGetValue(SourceOf(happened), out var until) && now < until;

    /// <summary>The writes that keep what failed.</summary>
    public ImmutableArray<DocumentWrite> Add(UndecidedException failed, DateTimeOffset now, DateTimeOffset wallClock)
    {
        var (source, error) = (failed.Source, failed.Error);
        var times = (_entries.GetValueOrDefault(source)?.Times ?? 0) + 1;
        var pause = First * Math.Pow(2, Math.Min(times - 1, 16));
        var until = now + (pause < Most ? pause : Most);
        if (failed.Place is { } place) _places[place] = until;
        else _leftOutUntil[source] = until;
        var entry = new AsideView(source, wallClock, times, $"{error.GetType().Name}: {error.Message}", Where(error));
        var writes = ImmutableArray.Create(new DocumentWrite(KeyPrefix + source, JsonSerializer.SerializeToUtf8Bytes(entry, ApiJson.Default.AsideView)));
        var entries = _entries.SetItem(source, entry);
        if (entries.Count > Kept)
        {
            var oldest = entries.Values.MinBy(e => e.At)!.Source;
            entries = entries.Remove(oldest);
            Forget(oldest);
            writes = writes.Add(new DocumentWrite(KeyPrefix + oldest, null));
        }

        Volatile.Write(ref _entries, entries);
        return writes;
    }

    /// <summary>An event was taken in: the writes that forget what its source, or a service, failed with before; nearly always none.</summary>
    public ImmutableArray<DocumentWrite> Passed(ClusterEvent happened, Outcome outcome)
    {
        if (_entries.IsEmpty) return [];
        var passed = outcome.Understood.Select(SourceOf).Append(SourceOf(happened)).Where(_entries.ContainsKey).ToImmutableArray();
        foreach (var source in passed) Forget(source);
        Volatile.Write(ref _entries, _entries.RemoveRange(passed));
        return [.. passed.Select(source => new DocumentWrite(KeyPrefix + source, null))];
    }

    private void Forget(string source)
    {
        _leftOutUntil.Remove(source);
        foreach (var place in _places.Keys.Where(p => SourceOf(p) == source).ToList()) _places.Remove(place);
    }

    /// <summary>The first lines of the stack: enough for a report of the mistake, which it is in every case.</summary>
    private static string Where(Exception error) => string.Join(
        " < ", (error.StackTrace ?? "").Split('\n').Take(4).Select(l => l.Trim()).Where(l => l.Length > 0).Select(l => l.StartsWith("at ", true, CultureInfo.InvariantCulture) ? l[3..] : l));
}
