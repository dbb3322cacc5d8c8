using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.RollOuts;

/// <summary>Which releases of a service are kept: those in use, and besides them the newest ready ones within count and bytes.</summary>
public static class Retention
{
    /// <param name="inUse">Runs, is about to, or is what a roll-back returns to.</param>
    /// <returns>Kept beside those in use, newest first.</returns>
    public static IReadOnlyList<Release> Spare(IEnumerable<Release> releases, Func<Release, bool> inUse, RetentionRule rule)
    {
        var spare = new List<Release>();
        var bytes = 0L;
        // An archive that several releases share is counted once.
        var counted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var release in releases.Where(r => r.State == ReleaseState.Ready && !inUse(r)).OrderByDescending(r => r.Number))
        {
            var size = release.Digest is null || counted.Contains(release.Digest) ? 0 : release.SizeBytes;
            if (spare.Count >= rule.Releases || bytes + size > rule.Bytes)
                break;
            if (release.Digest is not null)
                counted.Add(release.Digest);
            bytes += size;
            spare.Add(release);
        }

        return spare;
    }
}
