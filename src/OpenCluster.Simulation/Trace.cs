using System.Collections.Immutable;
using System.Globalization;
using OpenCluster.Simulation.Time;

namespace OpenCluster.Simulation;

/// <summary>What happened, one line each: time in seconds since the start, who, what.</summary>
internal sealed class Trace(Timeline timeline, bool on)
{
    private readonly List<string> lines = [];

    public bool On => on;

    public ImmutableArray<string> Lines => [.. lines];

    /// <summary>The line is not even put together when nobody wants it.</summary>
    public void Say(string who, FormattableString what)
    {
        if (on)
            lines.Add($"{At(timeline.Now)} {who,-12} {what.ToString(CultureInfo.InvariantCulture)}");
    }

    public static string At(DateTimeOffset time) => (time - Timeline.Start).TotalSeconds.ToString("0000.000", CultureInfo.InvariantCulture);
}
