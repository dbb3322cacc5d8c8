using System.Text.RegularExpressions;
using OpenCluster.Data.Commands;

namespace OpenCluster.Data.Tests;

public sealed partial class DocumentTests
{
    [Fact]
    public void The_page_about_data_lists_every_command_and_no_other()
    {
        var rows = File.ReadAllLines(Page()).SkipWhile(l => l != "## Commands").TakeWhile(l => l != "## Not there").Where(l => l.StartsWith("| ", StringComparison.Ordinal));
        var listed = rows.SelectMany(row => Words().Matches(row.Split('|')[2])).Select(word => word.Value.ToLowerInvariant()).Distinct();
        var there = AllCommands.Table().All.Select(c => c.Name);
        Assert.Equal(there.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\b[A-Z]{3,}\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();

    private static string Page()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "docs", "data.md"))) directory = directory.Parent;
        return Path.Combine(directory.FullName, "docs", "data.md");
    }
}
