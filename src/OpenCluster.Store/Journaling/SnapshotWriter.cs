using System.Buffers;

namespace OpenCluster.Store.Journaling;

/// <summary>
/// Writes one snapshot under a temporary name and gives it its own when it is whole and synced.
/// Disposed without <see cref="Complete"/> it leaves nothing.
/// </summary>
public sealed class SnapshotWriter : IDisposable
{
    private const int FlushBytes = 256 * 1024;
    private readonly IDirectory directory;
    private readonly string name;
    private readonly FileHeader header;
    private readonly IFile file;
    private readonly ArrayBufferWriter<byte> buffer = new(64 * 1024);
    private long end;
    private long next = 1;
    private bool complete;

    internal SnapshotWriter(IDirectory directory, long generation, long sequence)
    {
        this.directory = directory;
        name = FileNames.Snapshot(sequence);
        header = new FileHeader(FileKind.Snapshot, generation, sequence, Journal.NewSalt());
        file = directory.Create(name + FileNames.TemporarySuffix);
        buffer.Write(header.Encode());
    }

    /// <summary>Bytes written so far.</summary>
    public long SizeBytes => end + buffer.WrittenCount;

    /// <summary>Adds one payload of 1 byte to 64 MiB; replayed in the same order.</summary>
    /// <exception cref="JournalWriteException">Give the snapshot up; the journal stands as before.</exception>
    public void Append(ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfZero(payload.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, RecordHeader.MaxPayload);
        RecordHeader.Write(buffer, header.Salt, next++, batch: 1, payload);
        if (buffer.WrittenCount >= FlushBytes)
            Guard(Flush);
    }

    /// <summary>Makes it the newest snapshot, then deletes what it replaces.</summary>
    /// <exception cref="JournalWriteException">
    /// The journal stands as before, or with the snapshot and some files too many, which go the next time it is opened.
    /// </exception>
    public void Complete() => Guard(() =>
    {
        RecordHeader.Write(buffer, header.Salt, next, batch: next, []);
        Flush();
        file.Sync();
        directory.Rename(name + FileNames.TemporarySuffix, name);
        complete = true;
        directory.Sync();
        foreach (var old in directory.List().Where(IsReplaced))
            directory.Delete(old);
    });

    public void Dispose()
    {
        file.Dispose();
        if (!complete)
            Guard(() => directory.Delete(name + FileNames.TemporarySuffix));
    }

    private bool IsReplaced(string other) =>
        (FileNames.TrySegment(other, out var sequence) || FileNames.TrySnapshot(other, out sequence)) && sequence < header.Sequence;

    private void Flush()
    {
        file.Write(buffer.WrittenSpan, end);
        end += buffer.WrittenCount;
        buffer.ResetWrittenCount();
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (JournalWriteException.IsWriteError(error))
        {
            throw JournalWriteException.From(error, directory.Path, outcomeUnknown: false);
        }
    }
}
