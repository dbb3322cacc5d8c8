namespace OpenCluster.Store.Journaling;

/// <summary>
/// A segment made beforehand, on a thread that may wait for the disk, so that the journal's owner can go over to it without waiting.
/// Disposed unused it is gone.
/// </summary>
public sealed class SpareSegment : IDisposable
{
    private const string Name = "spare" + FileNames.TemporarySuffix;
    private readonly IDirectory directory;
    private IFile? file;

    private SpareSegment(IDirectory directory, IFile file, FileHeader header)
    {
        this.directory = directory;
        this.file = file;
        Header = header;
    }

    internal FileHeader Header { get; }

    /// <summary>Creates the file with a header that is synced. One at a time for a directory.</summary>
    /// <exception cref="JournalWriteException">The disk does not take it.</exception>
    public static SpareSegment Create(IDirectory directory, long generation)
    {
        ArgumentNullException.ThrowIfNull(directory);
        IFile? created = null;
        try
        {
            created = directory.Create(Name);
            var header = new FileHeader(FileKind.Segment, generation, FileHeader.SequenceInName, Journal.NewSalt());
            created.Write(header.Encode(), 0);
            created.Sync();
            return new SpareSegment(directory, created, header);
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            created?.Dispose();
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: false);
        }
    }

    /// <summary>Gives it its place in the journal; the rename is durable with the next sync of the directory.</summary>
    internal IFile Use(long sequence)
    {
        var used = file ?? throw new InvalidOperationException("The spare segment has been used already.");
        directory.Rename(Name, FileNames.Segment(sequence));
        file = null;
        return used;
    }

    public void Dispose()
    {
        if (file is null) return;
        file.Dispose();
        file = null;
        try
        {
            directory.Delete(Name);
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            // It goes the next time the journal is opened, like every file that has no name of its own yet.
            return;
        }
    }
}
