using Microsoft.Win32.SafeHandles;

namespace OpenCluster.Store.Journaling;

/// <summary>A real directory, readable by its owner alone.</summary>
public sealed class DiskDirectory : IDirectory
{
    private DiskDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>The directory at <paramref name="path"/>, created (mode 0700) when it is not there.</summary>
    public static DiskDirectory OpenOrCreate(string path)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("The journal relies on POSIX directories, modes and locks.");
        var full = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(full))
        {
            Directory.CreateDirectory(full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (System.IO.Path.GetDirectoryName(full) is { } parent)
                SyncDirectory(parent);
        }
        return new DiskDirectory(full);
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Path).Select(file => System.IO.Path.GetFileName(file))];

    public IFile Open(string name) => new DiskFile(In(name), FileMode.Open);

    public IFile Create(string name) => new DiskFile(In(name), FileMode.Create);

    public void Rename(string from, string to) => File.Move(In(from), In(to), overwrite: true);

    public void Delete(string name) => File.Delete(In(name));

    public void Sync() => SyncDirectory(Path);

    private static void SyncDirectory(string path)
    {
        using var handle = Libc.Open(path, Libc.ReadOnly | Libc.Directory);
        Libc.Sync(handle, path);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private sealed class DiskFile(string path, FileMode mode) : IFile
    {
        // Sharing is settled by the lock of the whole directory, not file by file.
        private readonly SafeFileHandle handle = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long offset)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                    break;
                total += read;
            }
            return total;
        }

        public void Write(ReadOnlySpan<byte> data, long offset) => RandomAccess.Write(handle, data, offset);

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        // Not RandomAccess.FlushToDisk: it takes EINVAL and EROFS for success, and a sync that did nothing must not acknowledge.
        public void Sync() => Libc.Sync(handle, path);

        public void Dispose() => handle.Dispose();
    }
}
