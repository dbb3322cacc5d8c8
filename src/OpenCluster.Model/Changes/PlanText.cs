namespace OpenCluster.Model.Changes;

/// <summary>A plan as lines for a person: what is created, changed, renamed and removed, what others changed, and what moves.</summary>
public static class PlanText
{
    /// <summary>Each line begins with its sign: <c>+</c> created, <c>~</c> changed, <c>=</c> renamed, <c>-</c> removed, <c>!</c> needs a look, <c>&gt;</c> moves.</summary>
    public static IEnumerable<string> Lines(Plan plan)
    {
        if (plan.IsEmpty && plan.Drift.IsEmpty && plan.Problems.IsEmpty)
            return ["Nothing changes."];
        return
        [
            .. plan.Changes.SelectMany(Of),
            .. Titled("Changed elsewhere since the last apply:", plan.Drift.Select(Of)),
            .. Titled("What happens on the servers:", Moves(plan)),
            .. Titled("This cannot be applied:", plan.Problems.Select(p => $"! {p.Path}: {p.What}.{(p.Instead.Length == 0 ? "" : $" {p.Instead}{(p.Instead.EndsWith('?') ? "" : ".")}")}")),
        ];
    }

    private static IEnumerable<string> Titled(string title, IEnumerable<string> lines)
    {
        List<string> all = [.. lines];
        return all.Count == 0 ? [] : ["", title, .. all];
    }

    private static IEnumerable<string> Of(ClusterChange change)
    {
        var subject = change.Of == ObjectKind.Settings ? "settings" : $"{change.Of.Words()} {change.Name}";
        yield return change.Kind switch
        {
            ChangeKind.Created => $"+ {subject}",
            ChangeKind.Changed => $"~ {subject}",
            ChangeKind.Renamed => $"= {subject}, until now {change.OldName}: nothing restarts for it",
            _ => $"- {subject}",
        };
        foreach (var field in change.Fields)
        {
            yield return change.Kind == ChangeKind.Created
                ? $"    {field.Field}: {field.After ?? "none"}"
                : $"    {field.Field}: {field.Before ?? "none"} → {field.After ?? "none"}";
        }
    }

    private static string Of(Drift drift)
    {
        var subject = drift.Of == ObjectKind.Settings ? "settings" : $"{drift.Of.Words()} {drift.Name}";
        if (drift.Field.Length > 0)
        {
            var field = $"! {subject}: {drift.Field} was {drift.Applied ?? "none"}, is now {drift.Current ?? "none"}";
            return drift.Outcome == DriftOutcome.Kept ? $"{field}. Kept, as the file did not change it" : $"{field}, and becomes {drift.Proposed ?? "none"} as the file says";
        }
        return (drift.Current, drift.Outcome) switch
        {
            (null, DriftOutcome.Kept) => $"! {subject} was removed. It stays so, as the file did not change it",
            (null, _) => $"! {subject} was removed, and is made again as the file says",
            _ => $"! {subject} was changed, and goes as the file no longer declares it",
        };
    }

    private static IEnumerable<string> Moves(Plan plan) => plan.Moves
        .GroupBy(m => m.Server).OrderBy(g => g.Key, StringComparer.Ordinal)
        .SelectMany(g => g.Select(m => $"> {m.Server}: {m.Subject} {m.What}, because {m.Why}"));
}
