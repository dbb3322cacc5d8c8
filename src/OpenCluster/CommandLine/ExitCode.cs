namespace OpenCluster.CommandLine;

/// <summary>What the executable returns to the shell; documented in docs/cli.md and never renumbered.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Understood and tried, but it did not succeed: a deployment was rolled back, a check failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line or a file is wrong; nothing was changed.</summary>
    public const int Usage = 2;

    /// <summary>No controller could be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>The controller refused: not allowed, not found, changed meanwhile.</summary>
    public const int Refused = 4;

    /// <summary>Stopped by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
