namespace OpenCluster.Agent.Files;

/// <summary>Directories that others have filled.</summary>
internal static class Trees
{
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Deletes a directory with all that is in it, when it is there. Directories that their owner has made read-only (Go's module cache is)
    /// are made passable first: only root could delete them as they are. Links are removed, not followed.
    /// </summary>
    public static void Delete(string path)
    {
        if (!Directory.Exists(path)) return;
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            Open(new DirectoryInfo(path));
            Directory.Delete(path, recursive: true);
        }
    }

    private static void Open(DirectoryInfo directory)
    {
        if (directory.LinkTarget is not null) return;
        directory.UnixFileMode |= Passable;
        foreach (var below in directory.EnumerateDirectories()) Open(below);
    }
}
