namespace OpenCluster.Store.Journaling;

/// <summary>A file of the journal does not hold what was written and synced. Nothing was changed on disk.</summary>
public sealed class JournalDamagedException(string file, long offset, string problem)
    : Exception($"{file} is damaged at byte {offset}: {problem}. Nothing was changed. Check the disk, then restore the directory from a backup.")
{
    public string File { get; } = file;

    /// <summary>Bytes from the start of the file to the first thing that is wrong.</summary>
    public long Offset { get; } = offset;
}

/// <summary>A file of the journal was written by a newer version of the program. Nothing was changed on disk.</summary>
public sealed class JournalVersionException(string file, long version, long supported)
    : Exception($"{file} has format version {version}; this program reads up to {supported}. Nothing was changed. Run the newer program again.")
{
    public string File { get; } = file;
}

/// <summary>Why the journal could not write.</summary>
public enum JournalWriteFailure
{
    DiskFull,
    ReadOnly,
    Failed,
}

/// <summary>
/// The disk did not take a write. Nothing that was acknowledged is lost, and the journal goes on by itself once the disk does:
/// every later commit tries again.
/// </summary>
public sealed class JournalWriteException(JournalWriteFailure failure, string directory, bool outcomeUnknown, Exception inner)
    : Exception(Describe(failure, directory, inner), inner)
{
    public JournalWriteFailure Failure { get; } = failure;

    /// <summary>
    /// True when the records could not be taken back either: should the machine stop now, they may be there afterwards.
    /// False: they are not on disk and will not be.
    /// </summary>
    public bool OutcomeUnknown { get; } = outcomeUnknown;

    internal static JournalWriteException From(Exception error, string directory, bool outcomeUnknown) =>
        new(Classify(error), directory, outcomeUnknown, error);

    /// <summary>The exceptions by which the system says that it will not write.</summary>
    internal static bool IsWriteError(Exception error) => error is IOException or UnauthorizedAccessException;

    private static JournalWriteFailure Classify(Exception error) => error switch
    {
        UnauthorizedAccessException => JournalWriteFailure.ReadOnly,
        { HResult: Libc.NoSpace or Libc.QuotaExceeded } => JournalWriteFailure.DiskFull,
        { HResult: Libc.ReadOnlyFileSystem } => JournalWriteFailure.ReadOnly,
        _ => JournalWriteFailure.Failed,
    };

    private static string Describe(JournalWriteFailure failure, string directory, Exception inner) => failure switch
    {
        JournalWriteFailure.DiskFull => $"The disk of {directory} is full. Make room; it goes on by itself.",
        JournalWriteFailure.ReadOnly => $"{directory} cannot be written ({inner.Message}). Make it writable for this user; it goes on by itself.",
        _ => $"The disk of {directory} failed: {inner.Message}. Check the disk; it goes on by itself when writing works again.",
    };
}
