namespace OpenCluster.Store.Embedded;

/// <summary>One step of the store, as the journal keeps it and as the state applies it; nothing else ever changes the state.</summary>
/// <param name="Revision">The store's revision after it; a record without puts and deletes takes none of its own.</param>
/// <param name="Puts">Documents as they are from now on.</param>
/// <param name="Deletes">Keys that are gone from now on; all existed.</param>
/// <param name="Granted">Leases that begin.</param>
/// <param name="Ended">Leases that end; their documents are among <paramref name="Deletes"/>.</param>
internal sealed record StoreRecord(
    long Revision,
    IReadOnlyList<Document> Puts,
    IReadOnlyList<string> Deletes,
    IReadOnlyList<Lease> Granted,
    IReadOnlyList<LeaseId> Ended)
{
    public bool ChangesDocuments => Puts.Count + Deletes.Count > 0;

    public bool ChangesAnything => ChangesDocuments || Granted.Count + Ended.Count > 0;

    public ChangeBatch ToBatch() => new(
        Revision,
        [.. Puts.Select(document => new Change(document.Key, document)), .. Deletes.Select(key => new Change(key, null))]);
}
