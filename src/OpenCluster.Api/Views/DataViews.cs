using System.Collections.Immutable;

namespace OpenCluster.Api.Views;

/// <summary>A space of Data, as it is now.</summary>
public sealed record SpaceView
{
    public required string Name { get; init; }
    public required string Engine { get; init; }
    /// <summary>forming, serving, electing or promoting.</summary>
    public required string Phase { get; init; }
    /// <summary>Why the phase began.</summary>
    public string Why { get; init; } = "";
    public DateTimeOffset Since { get; init; }
    public long Epoch { get; init; }
    /// <summary>Name of the server that takes writes; null while none does.</summary>
    public string? Primary { get; init; }
    /// <summary>Where applications write, <c>ADDRESS:PORT</c>; null while nowhere.</summary>
    public string? Writes { get; init; }
    /// <summary>So many replicas must have a write before it counts.</summary>
    public int Replicas { get; init; }
    public ImmutableArray<CopyView> Copies { get; init; } = [];
    /// <summary>Who decides with their votes who is primary, by name.</summary>
    public ImmutableArray<string> Voters { get; init; } = [];
    /// <summary>Who switched automatic fail-over off; null when it is on.</summary>
    public string? PausedBy { get; init; }
}

/// <summary>One copy of a space.</summary>
public sealed record CopyView
{
    public required string Server { get; init; }
    public required string Location { get; init; }
    /// <summary>Where it is read, <c>ADDRESS:PORT</c>.</summary>
    public required string Address { get; init; }
    /// <summary>primary, follows, fenced, ended, down; or unknown while its agent has said nothing.</summary>
    public required string Role { get; init; }
    /// <summary>Bytes of the primary's stream that it does not have yet; null when that cannot be said.</summary>
    public long? LagBytes { get; init; }
    /// <summary>For how long it has heard nothing of its primary, in whole seconds.</summary>
    public long? LagSeconds { get; init; }
    /// <summary>What is wrong, in words.</summary>
    public string? Trouble { get; init; }
}

/// <summary>How applications reach a space.</summary>
/// <param name="Url">With user and password, for the libraries that take one.</param>
public sealed record SpaceAccessView(string Space, string? Address, string User, string Password, string? Url);
