namespace OpenCluster.Benchmarks.Machine;

/// <summary>A directory of one run, deleted with it. Readable by all, because peers drop to users of their own.</summary>
internal sealed class WorkDirectory : IDisposable
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public WorkDirectory()
    {
        Path = Directory.CreateTempSubdirectory("opencluster-bench-").FullName;
        File.SetUnixFileMode(Path, ReadableByAll);
    }

    public string Path { get; }

    /// <summary>Writes a file below the directory and answers its path.</summary>
    public string Write(string name, string text)
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
