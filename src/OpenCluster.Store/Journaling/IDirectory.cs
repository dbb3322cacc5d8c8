namespace OpenCluster.Store.Journaling;

/// <summary>
/// All that the journal asks of a file system: the files of one directory. Small, so that a test can stand in for the disk
/// and fail, tear, forget or flip anything below it. Errors are the <see cref="IOException"/>s of the system.
/// </summary>
public interface IDirectory
{
    /// <summary>For messages.</summary>
    string Path { get; }

    /// <summary>The names of the files in it, in no order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens an existing file for reading and writing.</summary>
    IFile Open(string name);

    /// <summary>Creates an empty file for reading and writing; one that exists is emptied.</summary>
    IFile Create(string name);

    /// <summary>Gives a file another name, replacing what had it, in one step.</summary>
    void Rename(string from, string to);

    void Delete(string name);

    /// <summary>Creations, renames and deletions before this survive a loss of power once it returns.</summary>
    void Sync();
}

/// <summary>One open file.</summary>
public interface IFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>; fewer bytes only at the end of the file.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of <paramref name="data"/>; after an error any part of it may have been written.</summary>
    void Write(ReadOnlySpan<byte> data, long offset);

    void Truncate(long length);

    /// <summary>Writes and truncations before this survive a loss of power once it returns.</summary>
    void Sync();
}
