namespace OpenCluster.Ssh;

/// <summary>How hosts are reached; what is not said here, ssh's own configuration says.</summary>
internal sealed record SshOptions
{
    /// <summary>A private key's file; null for the agent's and the usual ones.</summary>
    public string? IdentityFile { get; init; }
    /// <summary>Believe the key that a host shows when it is met for the first time. Default false: it must be known, or its fingerprint given.</summary>
    public bool AcceptNewHostKeys { get; init; }
    /// <summary>Nobody is there to be asked: for several hosts at once, and without a terminal.</summary>
    public bool Batch { get; init; }
    /// <summary>Where ssh keeps what this run learns of host keys and its shared connections. Private, gone afterwards.</summary>
    public required string Directory { get; init; }
}
