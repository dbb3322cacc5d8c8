namespace OpenCluster.Store;

/// <summary>What one revision changed under a watched prefix; never split, never empty.</summary>
/// <param name="Revision">Where a later watch goes on from once this batch has been handled.</param>
/// <param name="Changes">At most one per key.</param>
public sealed record ChangeBatch(long Revision, IReadOnlyList<Change> Changes);

/// <summary>One key of a batch.</summary>
/// <param name="Key">The document's key.</param>
/// <param name="Document">The version that was put, or null when the document was deleted.</param>
public sealed record Change(string Key, Document? Document);
