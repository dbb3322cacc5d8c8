using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Sets;

/// <summary>Whether a primary is gone: two kinds of evidence, and no third.</summary>
public static class PrimaryEvidence
{
    /// <summary>Why the primary counts as gone; null while it does not.</summary>
    /// <param name="mayJudgeSilence">False while the controller suspects itself, or its clock just jumped.</param>
    public static string? Gone(SetState state, LeaseRules rules, bool mayJudgeSilence, DateTimeOffset now)
    {
        var set = state.Set;
        var report = state.Of(set.Primary);
        // Its own agent saw it end, or lose its data, or obeys a newer epoch: enough at once. Reports may overtake each other; but within an
        // epoch a copy is first not primary, then primary, then ended, so that "fenced" after "primary" is only old news.
        if (report is not null && (report.Epoch > set.Epoch || (report.Epoch == set.Epoch && (report.Role == MemberRole.Ended || (report.Role == MemberRole.Primary && !report.HasData)))))
            return report.Trouble ?? "its own agent says that it is primary no more";
        if (!mayJudgeSilence) return null;

        // "I cannot reach it" alone is never enough: most voters, heard just now, must not hear it either.
        var heardAt = state.Members.TryGetValue(set.Primary!, out var heard) && heard.At > state.JudgeFrom ? heard.At : state.JudgeFrom;
        if (now - heardAt < rules.SilentAfter) return null;
        var deaf = set.Electorate.Count(state.Voters.Where(v => now - v.Value.At <= rules.FreshFor && now - v.Value.What >= rules.SilentAfter).Select(v => v.Key));
        return deaf >= set.Electorate.Majority ? $"neither the controller nor {deaf} of {set.Electorate.Voters.Length} voters hear it" : null;
    }
}
