using System.Text.Json;
using OpenCluster.Agent.Processes;
using OpenCluster.Decisions.Sets;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Sets;

/// <summary>What an agent remembers of a copy's process, for when it finds it again or a new one in its place.</summary>
internal sealed record CopyLife
{
    public ProcessIdentity? Process { get; init; }
    /// <summary>The process's own offset is that of its set's stream. One that read its data from a disk begins to count anew, until it follows or is primary.</summary>
    public bool Exact { get; init; }
    /// <summary>Newest epoch whose primary the copy was, and the boot then. Its log has all that a client or a replica ever saw of that epoch, as long as the machine has not gone down.</summary>
    public long PrimaryOf { get; init; }
    public string Boot { get; init; } = "";
}

/// <summary>A seat's files: what <see cref="CopyCare"/> wants kept, and <see cref="CopyLife"/>. Whole or not at all after any crash.</summary>
internal sealed class SeatFiles(string directory)
{
    public string Directory => directory;

    private string CopyFile => Path.Combine(directory, "copy.json");
    private string LifeFile => Path.Combine(directory, "life.json");

    /// <exception cref="JsonException">It cannot be read.</exception>
    public Copy? ReadCopy() => File.Exists(CopyFile) ? JsonSerializer.Deserialize(File.ReadAllBytes(CopyFile), AgentJson.Default.Copy) : null;

    /// <exception cref="JsonException">It cannot be read.</exception>
    public CopyLife? ReadLife() => File.Exists(LifeFile) ? JsonSerializer.Deserialize(File.ReadAllBytes(LifeFile), AgentJson.Default.CopyLife) : null;

    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public void Write(Copy copy) => PrivateFile.Write(CopyFile, JsonSerializer.SerializeToUtf8Bytes(copy, AgentJson.Default.Copy));

    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public void Write(CopyLife life) => PrivateFile.Write(LifeFile, JsonSerializer.SerializeToUtf8Bytes(life, AgentJson.Default.CopyLife));
}
