using OpenCluster.Model.Changes;
using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Tests;

/// <summary>Clusters for tests, from the text of a file.</summary>
internal sealed class Clusters
{
    private int _ids;

    public string NewId(ObjectKind kind) => $"{kind.Prefix()}-{++_ids}";

    public static Cluster Read(string text)
    {
        var reading = ClusterFile.Read(text);
        Assert.Equal([], reading.Lines);
        return reading.File!.Cluster;
    }

    /// <summary>The plan of a first apply.</summary>
    public Plan First(string text) => Next(text, Cluster.Empty, null);

    /// <summary>The plan of a further apply.</summary>
    public Plan Next(string text, Cluster current, Cluster? applied, bool takeFile = false) =>
        Planning.Make(Read(text), current, applied, NewId, takeFile);
}
