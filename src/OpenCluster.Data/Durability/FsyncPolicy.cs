namespace OpenCluster.Data.Durability;

/// <summary>When the log is synced to the disk, and so what a loss of power may take. The death of the process alone takes nothing.</summary>
public enum FsyncPolicy
{
    /// <summary>Once a second: at most the last second is lost. The default.</summary>
    EverySecond,

    /// <summary>Before a write is answered: nothing that was answered is lost. Writes that come meanwhile share the next sync.</summary>
    Always,

    /// <summary>When the system does it by itself, usually within 30 s.</summary>
    No,
}
