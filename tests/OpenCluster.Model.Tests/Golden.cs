using System.Runtime.CompilerServices;

namespace OpenCluster.Model.Tests;

/// <summary>
/// Compares a text with the one kept in <c>Golden/</c>. <c>OPENCLUSTER_GOLDEN=rewrite</c> writes them anew; look at the difference
/// before committing it.
/// </summary>
internal static class Golden
{
    private const string Folder = "tests/OpenCluster.Model.Tests/Golden";

    public static bool Rewriting { get; } = Environment.GetEnvironmentVariable("OPENCLUSTER_GOLDEN") == "rewrite";

    public static void Matches(string file, string actual, [CallerFilePath] string caller = "")
    {
        var path = Path.Combine(Repository.Root, Folder, file);
        if (Rewriting)
            File.WriteAllText(path, actual);
        Assert.True(File.Exists(path), $"{Folder}/{file} is missing: run {Path.GetFileNameWithoutExtension(caller)} with OPENCLUSTER_GOLDEN=rewrite");
        Assert.Equal(File.ReadAllText(path), actual);
    }

    public static void Matches(string file, IEnumerable<string> lines) => Matches(file, string.Join('\n', lines) + "\n");
}
