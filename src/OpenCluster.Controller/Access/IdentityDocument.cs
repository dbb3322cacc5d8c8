using System.Collections.Immutable;
using OpenCluster.Decisions.Trust;

namespace OpenCluster.Controller.Access;

/// <summary>A server that has joined, by the SHA-256 of its agent's public key: <c>controller/identities/SHA256</c>.</summary>
internal sealed record IdentityDocument
{
    public const string KeyPrefix = "controller/identities/";

    /// <summary>The server's name until it is in the cluster, then its id (which survives a rename).</summary>
    public required string Server { get; init; }
    /// <summary>The machine that joined, and the boot it was last seen in.</summary>
    public required string Machine { get; init; }
    public required string Boot { get; init; }
    public ImmutableArray<string> PastBoots { get; init; } = [];
    public DateTimeOffset Joined { get; init; }
    public string From { get; init; } = "";

    public KnownMachine Known(DateTimeOffset heardAt) => new() { Machine = Machine, Boot = Boot, Past = PastBoots.IsDefault ? [] : PastBoots, HeardAt = heardAt };
}

/// <summary>A token with which a server may join, by its SHA-256: <c>controller/joins/SHA256</c>. Kept for a while after its use, to tell a replay from a guess.</summary>
internal sealed record JoinDocument
{
    public const string KeyPrefix = "controller/joins/";

    /// <summary>Name or id.</summary>
    public required string Server { get; init; }
    public DateTimeOffset Created { get; init; }
    public DateTimeOffset Expires { get; init; }
    /// <summary>Whoever joins takes the place of the key that the server has.</summary>
    public bool Rejoin { get; init; }
    /// <summary>Fingerprint of the key that joined with it; null while it is unused.</summary>
    public string? UsedBy { get; init; }
    public DateTimeOffset? Used { get; init; }
}
