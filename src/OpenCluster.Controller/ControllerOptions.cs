using System.Net;

namespace OpenCluster.Controller;

/// <summary>What a controller process is told when it starts. Everything else is in its directory or comes through the API.</summary>
public sealed record ControllerOptions
{
    /// <summary>Where its state lives: store, archives, admin token. Made (0700) when missing; one controller at a time.</summary>
    public required string Directory { get; init; }

    /// <summary>Where the API is served. Default loopback. Always by TLS, with a certificate of the cluster's own authority.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Default 7400; 0 takes a free one (see <see cref="ControllerHost.Url"/>).</summary>
    public int Port { get; init; } = 7400;

    /// <summary>A file of tokens made beforehand (see <c>Access/Bootstrap.cs</c>), or null. Read at every start; must be readable by its owner alone.</summary>
    public string? BootstrapFile { get; init; }

    /// <summary>The key that secrets are sealed with in the store; null for <c>secrets.key</c> in the directory. Made (0600) when missing.</summary>
    public string? SecretsKeyFile { get; init; }

    /// <summary>Shown in the status. Default: the version of this program.</summary>
    public string Version { get; init; } = typeof(ControllerOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Open connections, streams included. Default 12,000; each costs about 20 KB.</summary>
    public int MaxConnections { get; init; } = 12_000;

    /// <summary>Event streams open at once; more are told to come back later. Default 10,000.</summary>
    public int MaxStreams { get; init; } = 10_000;

    /// <summary>Largest release archive or uploaded source. Default 2 GiB.</summary>
    public long MaxArchiveBytes { get; init; } = 2L << 30;

    /// <summary>Free space that uploads leave on the disk, so that the store can go on writing. Default 64 MiB.</summary>
    public long ReserveBytes { get; init; } = 64L << 20;

    /// <summary>Fault injection for tests: called before each event is decided; what it throws counts as thrown by the decision.</summary>
    internal Action<Decisions.Conducting.ClusterEvent>? Fault { get; init; }

    /// <summary>For the test that describes the API: what else the web server's services shall hold.</summary>
    internal Action<IServiceCollection>? Services { get; init; }
}

/// <summary>The controller cannot start; the message says what is wrong, where, and what to do.</summary>
public sealed class ControllerStartException(string message, Exception? inner = null) : Exception(message, inner);
