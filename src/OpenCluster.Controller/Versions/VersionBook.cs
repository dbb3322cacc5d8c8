using System.Collections.Immutable;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Changes;
using OpenCluster.Model.Nouns;
using OpenCluster.Store;

namespace OpenCluster.Controller.Versions;

/// <summary>
/// Plans and applies: what a file (or an earlier version) would make of the cluster as it is, and the change that makes it so.
/// The newest version is kept in memory, because every plan is measured against it; changed by the loop alone.
/// </summary>
internal sealed class VersionBook
{
    /// <summary>Versions that can be gone back to. The conductor keeps as many texts.</summary>
    public const int Kept = 100;

    private AppliedVersion? _newest;

    private VersionBook(AppliedVersion? newest) => _newest = newest;

    /// <summary>Number of the applied version; 0 before the first apply.</summary>
    public int Newest => _newest?.Number ?? 0;

    /// <summary>The version an undo goes back to; 0 when there is none.</summary>
    public int Before => (_newest?.Restores ?? Newest) - 1;

    public static async Task<VersionBook> ReadAsync(IStore store, CancellationToken ct)
    {
        var read = await store.ReadAsync(AppliedVersion.KeyPrefix, ct);
        return new VersionBook(read.Documents.Select(d => AppliedVersion.Read(d.Value)).MaxBy(v => v.Number));
    }

    /// <summary>What applying would do. Called in the loop.</summary>
    public Plan Plan(Conductor conductor, Cluster read, bool takeFile)
    {
        // New objects get their ids when they are made; until then their names stand for them.
        var plan = Planning.Make(read, conductor.Cluster, _newest?.Declared, _ => "", takeFile);
        // Without a change applying does nothing, whatever else may still be about to happen by itself.
        return plan.Problems.IsEmpty && !plan.Changes.IsEmpty ? plan with { Moves = [.. conductor.Preview(plan.After).Select(Move)] } : plan;
    }

    /// <summary>The change that applies a plan.</summary>
    /// <param name="read">What the file says.</param>
    /// <param name="restores">The version gone back to, for an undo.</param>
    public Intent Apply(Conductor conductor, Plan plan, Cluster read, string text, Caller caller, string why, int? restores = null)
    {
        if (!plan.Problems.IsEmpty)
        {
            throw Problems.Conflict("does-not-fit", "The file is right by itself but does not go together with what was changed elsewhere: "
                + string.Join(" ", plan.Problems.Select(p => $"{p.Path}: {p.What}.")), "Change the file, or apply it with --take-file.", "text");
        }

        var before = conductor.Cluster;
        // The same again: there is nothing to keep, and the number of versions says how often the cluster changed.
        if (plan.Changes.IsEmpty && _newest is { } newest && Differences.Between(newest.Declared, plan.Declared).IsEmpty) return new Intent();
        return new Intent
        {
            Event = new ClusterEvent.Applied(plan.After, text, caller.Name, why),
            Then = (after, _) =>
            {
                var version = new AppliedVersion
                {
                    Number = Newest + 1,
                    // Every object exists now, so that each finds its id by its name.
                    Declared = Identity.Assign(read, after.Cluster, null, _ => ""),
                    Restores = restores,
                    Changes = [.. PlanText.Lines(plan with { Drift = [], Moves = [] })],
                };
                return new Intent
                {
                    Documents = Writes(version),
                    Audit = Entry(caller, restores is null ? $"apply version {version.Number}" : $"undo to version {restores}", why, before, after.Cluster),
                };
            },
        };
    }

    /// <summary>Takes in what was committed.</summary>
    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed)
    {
        foreach (var (key, json) in committed)
        {
            if (key.StartsWith(AppliedVersion.KeyPrefix, StringComparison.Ordinal) && json is { } document && AppliedVersion.Read(document) is { } version && version.Number > Newest)
                Volatile.Write(ref _newest, version);
        }
    }

    /// <summary>The audit entry of a change to objects: each that differs, before and after.</summary>
    public static AuditEntry Entry(Caller caller, string what, string why, Cluster before, Cluster after)
    {
        var changes = Differences.Between(before, after);
        IEnumerable<string> Lines(Func<FieldChange, string?> value) =>
            changes.SelectMany(c => c.Fields.Where(f => value(f) is not null).Select(f => $"{c.Of.Words()} {c.Name}: {f.Field}: {value(f)}"));
        var removed = changes.Where(c => c.Kind == ChangeKind.Removed).Select(c => $"{c.Of.Words()} {c.Name}");
        var renamed = changes.Where(c => c.Kind == ChangeKind.Renamed).ToList();
        return new AuditEntry(
            caller, what, why,
            string.Join('\n', Lines(f => f.Before).Concat(removed).Concat(renamed.Select(c => $"{c.Of.Words()} {c.OldName}"))),
            string.Join('\n', Lines(f => f.After).Concat(renamed.Select(c => $"{c.Of.Words()} {c.Name}"))));
    }

    private static Model.Changes.Move Move(Decisions.Conducting.Move move) => new(
        move.Instance ?? $"{move.Service} (new)",
        move.Server,
        move.Kind switch { MoveKind.Create => "starts", MoveKind.Replace => "is replaced", _ => "stops" },
        move.Reason);

    private static ImmutableArray<DocumentWrite> Writes(AppliedVersion version) => version.Number > Kept
        ? [version.Write(), new DocumentWrite(AppliedVersion.KeyOf(version.Number - Kept), null)]
        : [version.Write()];
}
