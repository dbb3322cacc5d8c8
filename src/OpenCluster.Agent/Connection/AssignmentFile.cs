using System.Globalization;
using System.Text.Json;
using OpenCluster.Model.Running;
using OpenCluster.Model;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Connection;

/// <summary>The last good assignment, kept on disk so that an agent without a controller goes on with it, across its own restarts.</summary>
/// <param name="server">The id or name of this server, as it was told when it was set up. The id that the first assignment brings counts from then on.</param>
internal sealed class AssignmentFile(string path, string server, AgentLog log)
{
    /// <summary>Null when there is none, or it is damaged: then nothing is started or stopped before a controller speaks.</summary>
    public Assignment? Read()
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), ModelJson.Default.Assignment) : null;
        }
        catch (JsonException damaged)
        {
            log.Warn($"{path} is damaged and left aside until the controller sends a new one: {damaged.Message}");
            return null;
        }
    }

    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public void Write(Assignment assignment) => PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(assignment, ModelJson.Default.Assignment));

    /// <summary>Why an assignment must not be acted on; null when it may. The same one again is fine.</summary>
    public string? Refuse(Assignment? current, Assignment next)
    {
        if (!IsOurs(current, next)) return $"it is for server {next.ServerName} ({next.ServerId}), and this is {current?.ServerId ?? server}";
        if (current is null) return null;
        var generations = Compare(next.Generation, current.Generation);
        if (generations < 0) return $"it is of an older generation of the store ({next.Generation}) than the one acted on ({current.Generation}): the store was put back, or there are two";
        if (generations == 0 && next.Revision < current.Revision) return $"its revision {next.Revision} is older than {current.Revision}";
        return null;
    }

    /// <summary>A name may change later, an id never does.</summary>
    private bool IsOurs(Assignment? current, Assignment next) =>
        current is null ? next.ServerId == server || next.ServerName == server : next.ServerId == current.ServerId;

    // Generations are numbers that grow; whatever else a store may use is compared as text.
    private static int Compare(string a, string b) =>
        long.TryParse(a, CultureInfo.InvariantCulture, out var x) && long.TryParse(b, CultureInfo.InvariantCulture, out var y)
            ? x.CompareTo(y)
            : string.CompareOrdinal(a, b);
}
