using OpenCluster.Model.Balancing;

namespace OpenCluster.Decisions.Targets;

/// <summary>What a target counts for in one weighing.</summary>
internal enum Standing : byte
{
    /// <summary>Neither serves nor is missed: draining, never up, or of a release whose turn it is not.</summary>
    Out,
    /// <summary>Was up and is not: its part of the capacity is missing.</summary>
    Lost,
    Serving,
}

/// <summary>Who may serve at all, before shares: health, panic, and releases that must not serve together.</summary>
internal static class Standings
{
    /// <summary>
    /// Panic is for targets that were lost lately. Those away for longer have had time to be seen by others; if they were up, somebody would
    /// have noticed.
    /// </summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(30);

    /// <summary>What is silent and one of one or two says nothing about us: for self-doubt there must be "most".</summary>
    private const int FewestForDoubt = 3;

    public static void Judge(ReadOnlySpan<Candidate> candidates, double panic, DateTimeOffset now, Span<Standing> standings)
    {
        var (up, known) = (0, 0);
        for (var i = 0; i < candidates.Length; i++)
        {
            ref readonly var candidate = ref candidates[i];
            var isUp = !candidate.Draining && candidate.Health.State == TargetState.Up;
            var isLost = !candidate.Draining && !isUp && candidate.Health.LostAt is not null;
            standings[i] = isUp ? Standing.Serving : isLost ? Standing.Lost : Standing.Out;
            if (isUp) up++;
            if (isUp || (isLost && MayStillServe(candidate, now))) known++;
        }

        if (up < known * panic || up == 0)
        {
            for (var i = 0; i < candidates.Length; i++)
                if (standings[i] == Standing.Lost && Panics(candidates[i], up, known, now)) standings[i] = Standing.Serving;
        }
        Separate(candidates, now, standings);
    }

    /// <summary>
    /// When all look bad at once it is more likely the requests, or us (panic rule). Never where nobody listens, and never where a check
    /// was answered with a no.
    /// </summary>
    private static bool Panics(in Candidate candidate, int up, int known, DateTimeOffset now) =>
        up == 0 && candidate.Health is { State: TargetState.Ejected, Refused: false } || (known >= FewestForDoubt && MayStillServe(candidate, now));

    private static bool MayStillServe(in Candidate candidate, DateTimeOffset now) =>
        candidate.Health is { Refused: false, LostAt: { } lost } health && now - lost < Lately && (health.State == TargetState.Ejected || health.Silent);

    /// <summary>
    /// A release marked incompatible and those before it take turns: who was up first keeps the requests until none of its targets
    /// serves, whether it is the older (a roll-out) or the newer (a roll-back).
    /// </summary>
    private static void Separate(ReadOnlySpan<Candidate> candidates, DateTimeOffset now, Span<Standing> standings)
    {
        while (Cut(candidates, standings) is { } cut)
        {
            var (older, newer) = (TimeSpan.Zero, TimeSpan.Zero);
            for (var i = 0; i < candidates.Length; i++)
            {
                if (standings[i] != Standing.Serving) continue;
                var age = candidates[i].Health.UpSince is { } since ? now - since : TimeSpan.Zero;
                if (candidates[i].Release < cut) older = age > older ? age : older;
                else newer = age > newer ? age : newer;
            }
            var keepsNewer = newer > older + Weighing.Together;
            for (var i = 0; i < candidates.Length; i++)
                if (candidates[i].Release >= cut != keepsNewer) standings[i] = Standing.Out;
        }
    }

    /// <summary>The smallest incompatible release that serves together with an earlier one.</summary>
    private static int? Cut(ReadOnlySpan<Candidate> candidates, ReadOnlySpan<Standing> standings)
    {
        var earliest = int.MaxValue;
        for (var i = 0; i < candidates.Length; i++)
            if (standings[i] == Standing.Serving) earliest = Math.Min(earliest, candidates[i].Release);
        int? cut = null;
        for (var i = 0; i < candidates.Length; i++)
            if (standings[i] == Standing.Serving && candidates[i].Incompatible && candidates[i].Release > earliest) cut = Math.Min(cut ?? int.MaxValue, candidates[i].Release);
        return cut;
    }
}
