namespace OpenCluster.Store.Embedded;

/// <summary>How an embedded store is kept.</summary>
public sealed record EmbeddedStoreOptions
{
    /// <summary>The clock of leases and of the generation. Default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How many revisions back a watch can start. Default 10,000, at least 1. More cost their documents' bytes in memory.</summary>
    public int HistoryRevisions { get; init; } = 10_000;

    /// <summary>The most bytes that the history holds, whatever the number of revisions. Default 32 MiB.</summary>
    public long HistoryBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// A snapshot is taken when the journal after the last one has grown to this, or to the size of the last one if that is
    /// more. Default 16 MiB. A larger one makes a longer start and fewer snapshots.
    /// </summary>
    public long SnapshotBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Is told, in a sentence, what an operator should know and no caller is there to hear: a tail that was cut when the store
    /// was opened, a snapshot that could not be written. Called from the store's own loop: must return at once.
    /// </summary>
    public Action<string> Report { get; init; } = _ => { };
}
