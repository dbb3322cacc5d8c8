using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>settings</c>: timings of the cluster as a whole.</summary>
internal static class SettingsSchema
{
    private static readonly ClusterSettings Usual = new();

    private static readonly Key<TimeSpan> Heartbeat = new("heartbeat", Common.Duration("200ms", "30s"),
        "How often an agent reports to the controller. Lower finds trouble sooner and costs the controller one request per server and interval.",
        Usual.Heartbeat);

    private static readonly Key<TimeSpan> ServerDownAfter = new("server-down-after", Common.Duration("600ms", "10m"),
        "Silence after which a server counts as down; at least three heartbeats. Higher makes false alarms rarer and real ones later.",
        Usual.ServerDownAfter);

    private static readonly Key<TimeSpan> ReplaceAfter = new("replace-after", Common.Duration("0s", "1d"),
        "How long a server may be down before its instances are placed elsewhere; longer than a reboot takes, so that a reboot moves nothing.",
        Usual.ReplaceAfter);

    private static readonly Key<double> MassFailureShare = new("mass-failure-share", new PercentShape(1),
        "When more than this share of all servers goes silent at once, the controller suspects its own network and changes nothing.",
        Usual.MassFailureShare);

    public static readonly ObjectShape<ClusterSettings> Shape = new("the settings", [Heartbeat, ServerDownAfter, ReplaceAfter, MassFailureShare], o => new ClusterSettings
    {
        Heartbeat = o.Get(Heartbeat),
        ServerDownAfter = o.Get(ServerDownAfter),
        ReplaceAfter = o.Get(ReplaceAfter),
        MassFailureShare = o.Get(MassFailureShare),
    });
}
