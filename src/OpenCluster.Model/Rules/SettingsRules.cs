using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Timings that would fight each other.</summary>
internal static class SettingsRules
{
    private const int HeartbeatsUntilDown = 3;

    public static IEnumerable<Finding> Check(ClusterSettings settings)
    {
        var least = settings.Heartbeat * HeartbeatsUntilDown;
        if (settings.ServerDownAfter < least)
        {
            yield return new Finding("settings.server-down-after",
                $"a server would count as down after {Durations.Show(settings.ServerDownAfter)} while it reports every {Durations.Show(settings.Heartbeat)}",
                $"Write {Durations.Show(least)} or more, three heartbeats, or report more often");
        }
        if (settings.ReplaceAfter < settings.ServerDownAfter)
        {
            yield return new Finding("settings.replace-after",
                $"instances would be replaced before their server counts as down, after {Durations.Show(settings.ServerDownAfter)}",
                $"Write {Durations.Show(settings.ServerDownAfter)} or more");
        }
    }
}
