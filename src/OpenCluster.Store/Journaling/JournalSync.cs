namespace OpenCluster.Store.Journaling;

/// <summary>
/// What has been written to a journal and not been synced, as it was when <see cref="Journal.BeginSync"/> was called. It is run on a thread
/// that may wait for the disk, while the journal's owner goes on writing; then it is handed back to <see cref="Journal.CompleteSync"/>.
/// </summary>
public sealed class JournalSync
{
    private readonly IDirectory directory;
    private readonly IReadOnlyList<IFile> files;
    private readonly bool names;

    internal JournalSync(IDirectory directory, IReadOnlyList<IFile> files, bool names, long end, long nextSequence)
    {
        this.directory = directory;
        this.files = files;
        this.names = names;
        End = end;
        NextSequence = nextSequence;
    }

    /// <summary>Once it is complete, every record below this is durable.</summary>
    public long NextSequence { get; }

    internal IReadOnlyList<IFile> Files => files;

    internal long End { get; }

    internal bool IncludesNames => names;

    /// <summary>Waits for the disk. Older segments go first, so that what is durable is always a beginning of the journal.</summary>
    /// <exception cref="JournalWriteException">
    /// What it covered may be lost although the system shows it: replace it by a snapshot, a second sync proves nothing.
    /// </exception>
    public void Run()
    {
        try
        {
            foreach (var file in files) file.Sync();
            if (names) directory.Sync();
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: true);
        }
    }
}
