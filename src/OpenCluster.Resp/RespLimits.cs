namespace OpenCluster.Resp;

/// <summary>What a peer may send. Everything it declares is checked against these before anything is kept for it.</summary>
public sealed record RespLimits
{
    /// <summary>The most arguments of one command. Default 1,048,576.</summary>
    public int MaxArguments { get; init; } = 1024 * 1024;

    /// <summary>The most bytes of one argument. Default 32 MiB.</summary>
    public int MaxArgumentBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The most bytes of one whole command. Default 60 MiB: with its frame it fits into one record of a journal.</summary>
    public int MaxCommandBytes { get; init; } = 60 * 1024 * 1024;

    /// <summary>The most bytes of a line: an inline command, or a declared length. 64 KiB, as Redis has it.</summary>
    public int MaxLineBytes { get; init; } = 64 * 1024;

    /// <summary>How deep replies may nest. Default 16.</summary>
    public int MaxDepth { get; init; } = 16;

    /// <summary>For whoever has not said yet who he is: enough for AUTH and HELLO, and nothing to fill memory with.</summary>
    public static RespLimits BeforeAuthentication { get; } = new() { MaxArguments = 10, MaxArgumentBytes = 16 * 1024 };

    public static RespLimits Default { get; } = new();
}
