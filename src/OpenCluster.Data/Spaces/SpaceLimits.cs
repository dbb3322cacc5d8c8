namespace OpenCluster.Data.Spaces;

/// <summary>What one space may take. 0 stands for no limit of its own; the server's still holds.</summary>
public sealed record SpaceLimits
{
    /// <summary>Bytes of keys, values and their index.</summary>
    public long MemoryBytes { get; init; }

    public long Keys { get; init; }

    public int Connections { get; init; }

    /// <summary>Commands a second; what a second brings more is refused.</summary>
    public int OperationsPerSecond { get; init; }

    public static SpaceLimits None { get; } = new();
}
