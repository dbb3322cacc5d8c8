using OpenCluster.Decisions.Placing;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>A server that could build.</summary>
/// <param name="HasRole">It is one of those that will run the release, so the archive need not travel there.</param>
/// <param name="FreeShare">Share of its memory that is free now, 0 to 1.</param>
public sealed record BuilderCandidate(string ServerId, bool HasRole, bool Building, double FreeShare, int Load);

/// <summary>Where to build: on a server of the role with the most free, else on any; one build at a time on each.</summary>
public static class BuilderChoice
{
    public static string? Choose(IEnumerable<BuilderCandidate> alive, IReadOnlyCollection<string> lost) => alive
        .Where(c => !c.Building && !lost.Contains(c.ServerId))
        .OrderByDescending(c => c.HasRole)
        // In steps of a fifth: a few megabytes more or less are no reason to prefer a busier server.
        .ThenByDescending(c => Math.Floor(c.FreeShare * 5))
        .ThenBy(c => c.Load)
        .ThenBy(c => c.ServerId, IdOrder.Instance)
        .FirstOrDefault()?.ServerId;
}
