using System.Text.Json;

namespace OpenCluster.Demo;

/// <summary>What the load-balancers themselves wrote of the requests that went badly: the first thing anybody wants to see when one failed.</summary>
internal static class Evidence
{
    /// <summary>Lines shown of each balancer.</summary>
    private const int Most = 10;

    /// <summary>Five times what a fail-over may take.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    /// <summary>Lines of access logs below a cluster's directory whose request failed or was slow, each after the name of its log.</summary>
    public static IEnumerable<string> Find(string directory)
    {
        foreach (var log in System.IO.Directory.EnumerateFiles(directory, "access.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadLines(log).Where(WentBadly).Take(Most)) yield return $"{Path.GetRelativePath(directory, log)}: {line}";
        }
    }

    private static bool WentBadly(string line)
    {
        try
        {
            using var entry = JsonDocument.Parse(line);
            return entry.RootElement.GetProperty("status").GetInt32() >= 499 || entry.RootElement.GetProperty("us").GetInt64() >= Slow.TotalMicroseconds;
        }
        catch (JsonException)
        {
            // The last line of a balancer that was killed.
            return false;
        }
    }
}
