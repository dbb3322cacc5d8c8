namespace OpenCluster.Api.Requests;

/// <summary>Hands a space's primary over.</summary>
public sealed record PrimaryMoveRequest
{
    /// <summary>Name or id of the server; null for the one that is most in step.</summary>
    public string? To { get; init; }
    /// <summary>Make it primary though it may lack acknowledged writes, or though the voters cannot be asked: what others hold beyond it is lost.</summary>
    public bool Force { get; init; }
    public string Why { get; init; } = "";
}
