namespace OpenCluster.Model.Tests;

/// <summary>Files of the repository that tests read: examples and golden files.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find(string directory) => File.Exists(Path.Combine(directory, "OpenCluster.slnx"))
        ? directory
        : Find(Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("OpenCluster.slnx"));
}
