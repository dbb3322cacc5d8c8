using System.Collections.Immutable;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>Who becomes primary: the copy that has got furthest, among enough of them to contain every acknowledged write.</summary>
public static class SetElection
{
    /// <summary>When leases of older epochs can count no more; null until a majority has promised.</summary>
    public static DateTimeOffset? LeasesOut(SetState state)
    {
        var electorate = state.Set.Electorate;
        var outs = state.Promises.Where(p => electorate.Has(p.Key)).Select(p => p.Value).ToList();
        return outs.Count >= electorate.Majority ? outs.Max() : null;
    }

    /// <summary>Copies with data that have said what they hold since the leases ran out.</summary>
    public static ImmutableArray<MemberReport> Answers(SetState state) =>
        [.. state.Set.Members.Select(m => state.Of(m)).OfType<MemberReport>().Where(r => r.Answers == state.Set.Epoch && r.Role != MemberRole.Down)];

    /// <summary>
    /// The furthest copy; of equals the one a planned move wants, else the old primary's replica that comes first in the set's own order.
    /// Null while too few have answered.
    /// </summary>
    public static string? Choose(SetState state)
    {
        var answers = Answers(state);
        var withData = answers.Where(r => r.HasData).ToList();
        if (state.Set.Primary is null)
        {
            // A new set. Nobody holds anything only when every copy says so: then, and only then, an empty one may begin.
            if (answers.Length < state.Set.Members.Length) return null;
            if (withData.Count == 0) return state.Set.Members[0];
        }
        else if (withData.Count < state.Set.Enough)
        {
            return null;
        }
        var furthest = withData.Max(Progress);
        var equals = withData.Where(r => Progress(r) == furthest).Select(r => r.Member).ToList();
        return equals.Contains(state.Set.Candidate ?? "") ? state.Set.Candidate : equals[0];
    }

    /// <summary>Whether a planned move's wanted copy has everything the old primary has.</summary>
    public static bool WantedIsReady(SetState state) =>
        state.Set.Candidate is { } wanted
        && Answers(state).FirstOrDefault(r => r.Member == wanted) is { HasData: true } report
        && Answers(state).All(r => Progress(report).CompareTo(Progress(r)) >= 0);

    private static (long Lineage, long Offset) Progress(MemberReport report) => (report.Lineage, report.Offset);
}
