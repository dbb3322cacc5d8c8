using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Rules;

/// <summary>Spaces: enough servers for their copies, votes that can be had, and ports that do not meet.</summary>
internal static class DataRules
{
    public static IEnumerable<Finding> Check(Cluster cluster) => [.. cluster.Data.SelectMany(s => Votes(s, cluster)), .. Ports(cluster)];

    /// <summary>Whether the copies have servers; has a meaning only when each object is right.</summary>
    public static IEnumerable<Finding> CheckFit(Cluster cluster)
    {
        foreach (var space in cluster.Data)
        {
            var able = cluster.Servers.Where(space.Suits).Select(s => s.Name).ToList();
            if (able.Count < space.Copies)
            {
                yield return new Finding($"data.{space.Name}.copies", $"{space.Copies} copies need as many servers, and {(able.Count == 0 ? "none" : $"only {string.Join(", ", able)}")} can hold one",
                    $"Give the role \"{space.Role}\" to more servers, or ask for fewer copies");
            }
        }
    }

    private static IEnumerable<Finding> Votes(DataSpace space, Cluster cluster)
    {
        var path = $"data.{space.Name}";
        if (space.Replicas >= space.Copies)
            yield return new Finding($"{path}.acknowledge", $"{space.Replicas} replicas cannot have a write: with {space.Copies} copies there are {space.Copies - 1}", "Ask for fewer, or for more copies");
        for (var i = 0; i < space.Witnesses.Length; i++)
        {
            var witness = space.Witnesses[i];
            if (space.Witnesses.IndexOf(witness) < i)
                yield return new Finding($"{path}.witnesses.{i}", $"\"{witness}\" is here twice", "Each server has one vote");
            // Which of the servers of the role hold a copy is decided when the space is made: a witness must not be one of them.
            else if (cluster.Servers.FirstOrDefault(s => s.Name == witness) is { } server && space.Suits(server))
                yield return new Finding($"{path}.witnesses.{i}", $"\"{witness}\" may hold a copy itself, and then has a vote already", $"Choose a server without the role \"{space.Role}\"");
        }

        if (space.WhenAlone == WhenAlone.Continue && (space.Copies != 2 || !space.Witnesses.IsEmpty))
            yield return new Finding($"{path}.when-alone", "when-alone is for two copies without a witness", "Take it out: most of the voters decide here");
    }

    private static IEnumerable<Finding> Ports(Cluster cluster)
    {
        for (var i = 0; i < cluster.Data.Length; i++)
        {
            var space = cluster.Data[i];
            if (cluster.Data[..i].FirstOrDefault(other => other.Port == space.Port && cluster.Servers.Any(s => space.Suits(s) && other.Suits(s))) is { } same)
                yield return new Finding($"data.{space.Name}.port", $"space \"{same.Name}\" listens at port {space.Port} as well, and a server may hold both", "Give one of them another port");
        }
    }
}
