namespace OpenCluster.Store;

/// <summary>One version of a document.</summary>
/// <param name="Key">Unique in the store; see <see cref="StoreLimits"/>.</param>
/// <param name="Value">The bytes as they were put. Not to be changed by whoever reads them.</param>
/// <param name="CreateRevision">The revision that put the key when it did not exist.</param>
/// <param name="ModRevision">The revision that put this version.</param>
/// <param name="Lease">The lease that takes the document with it when it ends, if any.</param>
public sealed record Document(string Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, LeaseId? Lease);

/// <summary>A consistent read: these documents, in the order of their keys, existed together at <paramref name="Revision"/>.</summary>
/// <param name="Revision">The store's revision of the read; where a watch goes on from.</param>
/// <param name="Documents">In the order of the keys' UTF-8 bytes.</param>
public sealed record DocumentSet(long Revision, IReadOnlyList<Document> Documents);
