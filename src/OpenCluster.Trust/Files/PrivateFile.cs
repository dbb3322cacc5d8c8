namespace OpenCluster.Trust.Files;

/// <summary>Small files that are there whole or not at all after any crash, and that their owner alone may read.</summary>
public static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Writes beside the file, syncs, and renames over it.</summary>
    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly)
    {
        var fresh = path + ".new";
        // One left by a crash may have another mode.
        File.Delete(fresh);
        using (var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
    }

    public static void Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>False when others could read or change it: a secret there is treated as told to them.</summary>
    public static bool IsPrivate(string path) => (File.GetUnixFileMode(path) & Others) == UnixFileMode.None;
}
