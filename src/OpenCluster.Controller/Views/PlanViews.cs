using System.Collections.Immutable;
using OpenCluster.Api.Views;
using OpenCluster.Model.Changes;

namespace OpenCluster.Controller.Views;

/// <summary>A plan as the API shows it: lines ready to print.</summary>
internal static class PlanViews
{
    /// <param name="version">The applied version it was compared with.</param>
    public static PlanView Of(int version, Plan plan) => new()
    {
        Version = version,
        Empty = plan.IsEmpty,
        Changes = [.. plan.Changes.Select(Line)],
        Drift = [.. plan.Drift.Select(Line)],
        Moves = [.. plan.Moves.Select(m => new PlanLine("~", m.Server, $"{m.Subject} {m.What}, because {m.Why}"))],
        Warnings = [.. plan.Problems.Select(p => $"{p.Path}: {p.What}. {p.Instead}".TrimEnd())],
    };

    private static PlanLine Line(ClusterChange change)
    {
        var sign = change.Kind switch { ChangeKind.Created => "+", ChangeKind.Removed => "-", _ => "~" };
        var renamed = change.OldName is { } old ? [$"until now {old}: nothing restarts for it"] : ImmutableArray<string>.Empty;
        var fields = change.Fields.Select(f => change.Kind == ChangeKind.Created ? $"{f.Field} {f.After ?? "none"}" : $"{f.Field} {f.Before ?? "none"} → {f.After ?? "none"}");
        return new PlanLine(sign, Subject(change.Of, change.Name), string.Join(", ", renamed.Concat(fields)));
    }

    private static PlanLine Line(Drift drift)
    {
        var what = drift.Field.Length > 0
            ? $"{drift.Field} was {drift.Applied ?? "none"}, is now {drift.Current ?? "none"}"
            : drift.Current is null ? "was removed" : "was changed";
        var outcome = drift.Outcome == DriftOutcome.Kept ? "kept, as the file did not change it" : $"becomes {drift.Proposed ?? "none"}, as the file says";
        return new PlanLine("~", Subject(drift.Of, drift.Name), $"{what}; {outcome}");
    }

    private static string Subject(ObjectKind kind, string name) => kind == ObjectKind.Settings ? "settings" : $"{kind.Words()}/{name}";
}
