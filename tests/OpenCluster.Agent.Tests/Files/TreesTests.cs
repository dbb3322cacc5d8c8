using OpenCluster.Agent.Files;

namespace OpenCluster.Agent.Tests.Files;

public sealed class TreesTests
{
    /// <summary>Shows its worth to those who are not root, whom the kernel refuses.</summary>
    [Fact]
    public void Tree_with_directories_that_may_not_be_written_is_deleted_and_links_are_not_followed()
    {
        var outside = Directory.CreateTempSubdirectory("oc-outside-").FullName;
        var root = Directory.CreateTempSubdirectory("oc-tree-").FullName;
        var cache = Directory.CreateDirectory(Path.Combine(root, "go", "pkg", "mod")).FullName;
        File.WriteAllText(Path.Combine(cache, "module.go"), "package module");
        File.WriteAllText(Path.Combine(outside, "kept"), "");
        Directory.CreateSymbolicLink(Path.Combine(root, "link"), outside);
        foreach (var path in (string[])[cache, Path.Combine(root, "go", "pkg"), Path.Combine(root, "go")])
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Trees.Delete(root);

        Assert.False(Directory.Exists(root));
        Assert.True(File.Exists(Path.Combine(outside, "kept")));
        Directory.Delete(outside, recursive: true);
    }
}
