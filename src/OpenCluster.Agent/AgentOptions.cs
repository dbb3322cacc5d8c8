using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent;

/// <summary>Everything an agent must know to start: <c>agent.json</c> in its directory holds the same.</summary>
public sealed record AgentOptions
{
    /// <summary>Where it keeps all it has. Absolute. For services to run as users of their own, others must be able to enter it.</summary>
    public string Directory { get; init; } = "";
    /// <summary>The server's id, or its name where no controller has given it one yet.</summary>
    public required string ServerId { get; init; }
    public required string ServerName { get; init; }
    /// <summary>Controllers' base URLs; the next is tried when one does not answer.</summary>
    public required ImmutableArray<Uri> Controllers { get; init; }
    /// <summary>File with the line to join by (mode 0600); where it exists the agent joins (anew) by it and deletes it. Null where it has joined already.</summary>
    public string? JoinFile { get; init; }
    /// <summary>The IP address instances listen at.</summary>
    public string Address { get; init; } = "127.0.0.1";
    /// <summary>Where ports of its choice come from. Agents on one machine need ranges of their own. Default 20000 to 29999.</summary>
    public PortRange Ports { get; init; } = new(20000, 29999);
    /// <summary>Added to balancers' ports below 1024 where they may not be bound; 0 for none.</summary>
    public int LowPortOffset { get; init; }
    /// <summary>The controller to run here before any controller can be asked; null on most servers.</summary>
    public CoreOptions? Core { get; init; }
    /// <summary>The opencluster executable, for the built-in parts. Default: this very one.</summary>
    public string? ExecutablePath { get; init; }
    public LogLimits Logs { get; init; } = new();

    /// <summary>Reads <c>agent.json</c> of a directory.</summary>
    /// <exception cref="AgentException">It is missing or wrong.</exception>
    public static AgentOptions Read(string directory)
    {
        var path = Path.Combine(Path.GetFullPath(directory), "agent.json");
        try
        {
            var options = JsonSerializer.Deserialize(File.ReadAllBytes(path), AgentJson.Default.AgentOptions)
                ?? throw new AgentException("bad-agent-file", $"{path} is empty; write it anew");
            return options with { Directory = Path.GetFullPath(directory) };
        }
        catch (IOException missing)
        {
            throw new AgentException("no-agent-file", $"{path} cannot be read: {missing.Message}", missing);
        }
        catch (JsonException wrong)
        {
            throw new AgentException("bad-agent-file", $"{path}, line {wrong.LineNumber + 1}: {wrong.Message}", wrong);
        }
    }

    /// <summary>Where, in an agent's directory, its key and certificate are.</summary>
    public static string IdentityIn(string directory) => Path.Combine(directory, "identity");

    /// <summary>Writes <c>agent.json</c> into <see cref="Directory"/>, readable by its owner alone.</summary>
    public void Write() =>
        PrivateFile.Write(Path.Combine(Directory, "agent.json"), JsonSerializer.SerializeToUtf8Bytes(this, AgentJson.Default.AgentOptions));
}

/// <summary>First and last port, both included.</summary>
public sealed record PortRange(int First, int Last);

/// <summary>Bounds of one instance's logs: when the file passes the size it is copied aside and emptied; so many copies are kept.</summary>
public sealed record LogLimits(long FileBytes = 10L << 20, int Files = 3);

/// <summary>A controller that the agent runs by its own knowledge: nobody else could tell it to.</summary>
public sealed record CoreOptions
{
    /// <summary>The controller's own directory.</summary>
    public required string Directory { get; init; }
    /// <summary>Where it serves; the agent checks that something listens there.</summary>
    public required Uri Url { get; init; }
    /// <summary>Further arguments of <c>opencluster controller --directory D</c>.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];
    /// <summary>The instance's id in reports and in the agent's own commands: the one the controller will know itself by.</summary>
    public const string InstanceId = "controller-1";
}
