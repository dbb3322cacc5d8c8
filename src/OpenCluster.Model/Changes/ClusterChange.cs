using System.Collections.Immutable;
using System.Text.Json.Nodes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Changes;

public enum ChangeKind { Created, Changed, Renamed, Removed }

/// <summary>One field that differs, in the words of the file. Null: not there.</summary>
public sealed record FieldChange(string Field, string? Before, string? After);

/// <summary>One object that differs between two clusters.</summary>
public sealed record ClusterChange
{
    public required ChangeKind Kind { get; init; }
    public required ObjectKind Of { get; init; }
    public string Id { get; init; } = "";
    public required string Name { get; init; }
    /// <summary>For a rename, the name before.</summary>
    public string? OldName { get; init; }
    /// <summary>What differs besides the name; for a new object, what it says besides the defaults of its kind.</summary>
    public ImmutableArray<FieldChange> Fields { get; init; } = [];
}

/// <summary>What differs between two clusters.</summary>
public static class Differences
{
    /// <summary>Objects are the same by id, or by name where they have no ids. A rename shows once, not at what refers to it.</summary>
    public static ImmutableArray<ClusterChange> Between(Cluster before, Cluster after)
    {
        var words = new FieldWords(References.Lookup(after, before));
        var old = Objects.Of(References.ToIds(before)).ToDictionary(o => o.Key);
        var now = Objects.Of(References.ToIds(after)).ToList();
        var remaining = now.Select(o => o.Key).ToHashSet();
        return
        [
            .. now.Select(o => Change(old.GetValueOrDefault(o.Key), o, words)).OfType<ClusterChange>()
                .Concat(old.Values.Where(o => !remaining.Contains(o.Key)).Select(o => new ClusterChange { Kind = ChangeKind.Removed, Of = o.Kind, Id = o.Id, Name = o.Name }))
                .OrderBy(c => c.Of).ThenBy(c => c.Kind).ThenBy(c => c.Name, StringComparer.Ordinal),
        ];
    }

    private static ClusterChange? Change(FieldedObject? before, FieldedObject after, FieldWords words)
    {
        var fields = new List<FieldChange>();
        Compare([], before?.Fields ?? Plain(after.Kind), after.Fields, words, fields);
        fields.RemoveAll(f => f.Field == "name");

        var renamed = before is not null && before.Name != after.Name;
        if (before is not null && !renamed && fields.Count == 0)
            return null;
        return new ClusterChange
        {
            Kind = before is null ? ChangeKind.Created : renamed ? ChangeKind.Renamed : ChangeKind.Changed,
            Of = after.Kind,
            Id = after.Id,
            Name = after.Name,
            OldName = renamed ? before!.Name : null,
            Fields = [.. fields],
        };
    }

    private static void Compare(ImmutableList<string> path, JsonNode? before, JsonNode? after, FieldWords words, List<FieldChange> changes)
    {
        if (Fields.Same(before, after))
            return;
        var field = path.Count == 0 ? "" : path[^1];
        var (left, right) = (Fields.Parts(field, before), Fields.Parts(field, after));
        var both = left is not null && right is not null;
        if (both || (Fields.AreItems(field) && (left ?? right) is not null))
        {
            foreach (var key in Fields.Keys(left, right))
                Compare(path.Add(key), left.At(key), right.At(key), words, changes);
            return;
        }
        changes.Add(new FieldChange(words.Path(path), words.Value(field, before), words.Value(field, after)));
    }

    /// <summary>What an object says that says nothing: a new one is told by how it differs from this.</summary>
    private static JsonObject Plain(ObjectKind kind)
    {
        var plain = new Cluster
        {
            Name = "",
            Zones = [new Zone { Name = "" }],
            Roles = [new Role { Name = "" }],
            Servers = [new Server { Name = "" }],
            Services = [new Service { Name = "", Role = "", Deployments = [] }],
            LoadBalancers = [new LoadBalancer { Name = "", Role = "", Listeners = [] }],
            Routes = [new Route { Name = "", Matches = [], Service = "", Zone = "" }],
            Certificates = [new Certificate { Name = "", File = "", Key = "" }],
            Data = [new DataSpace { Name = "" }],
            Endpoints = [new Endpoint { Name = "", Host = "", Port = 0 }],
            Secrets = [new Secret { Name = "" }],
        };
        return Objects.Of(plain).First(o => o.Kind == kind).Fields;
    }
}
