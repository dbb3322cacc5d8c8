using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Agent.Processes;
using OpenCluster.Decisions.Instances;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Instances;

/// <summary>
/// What is on disk about an instance, whole after every crash. It is written before a start (the state then names the run to come) and
/// again when the process is known. An agent that died between the two finds the process by its mark in /proc (see <see cref="Adoption"/>).
/// </summary>
internal sealed record InstanceRecord
{
    public required InstanceOrder Order { get; init; }
    public required InstanceState State { get; init; }
    public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;
    /// <summary>By run.</summary>
    public ImmutableSortedDictionary<int, ProcessIdentity> Processes { get; init; } = ImmutableSortedDictionary<int, ProcessIdentity>.Empty;
    public string BootId { get; init; } = "";

    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public void Write(string path) => PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(this, AgentJson.Default.InstanceRecord));

    /// <summary>Null when there is none, or it cannot be read (a file of another version): then the order starts it anew, after the mark has been looked for.</summary>
    public static InstanceRecord? Read(string path, AgentLog log)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), AgentJson.Default.InstanceRecord) : null;
        }
        catch (JsonException damaged)
        {
            log.Warn($"{path} cannot be read and is left out: {damaged.Message}");
            return null;
        }
    }
}
