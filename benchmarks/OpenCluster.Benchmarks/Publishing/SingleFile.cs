using System.Text.RegularExpressions;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.Publishing;

/// <summary>The executable as people download it: self-contained, trimmed, one file. Every benchmark measures this one.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="TrimWarnings">What the trimmer could not prove safe, one each; they are errors, so there is no executable with any.</param>
internal sealed partial record SingleFile(string Path, IReadOnlyList<string> TrimWarnings)
{
    /// <summary>Milliseconds the expression may take over a build's output; it needs a few.</summary>
    private const int Limit = 5000;

    /// <summary>Publishes from source; a few seconds when nothing has changed, a minute when much has.</summary>
    public static async Task<SingleFile> PublishAsync(TextWriter progress, CancellationToken ct)
    {
        var root = Root();
        progress.WriteLine("Publishing the single file ...");
        var published = await Command.RunAsync(
            "dotnet", ["publish", System.IO.Path.Combine(root, "src", "OpenCluster"), "-p:PublishProfile=SingleFile", "--nologo", "-v", "minimal"], ct).ConfigureAwait(false);
        var warnings = TrimWarning().Matches(published.Output).Select(m => m.Value).Distinct(StringComparer.Ordinal).ToArray();
        if (published.ExitCode != 0)
            throw new BenchException("The executable cannot be published: " + string.Join('\n', published.Output.Split('\n').Where(l => l.Contains("error", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Take(20)));
        return new SingleFile(System.IO.Path.Combine(root, "artifacts", "single-file", "opencluster"), warnings);
    }

    /// <summary>The directory of the solution, above where this program was built.</summary>
    private static string Root()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "OpenCluster.slnx")))
                return directory.FullName;
        throw new BenchException($"There is no OpenCluster.slnx above {AppContext.BaseDirectory}: run ./bench from a checkout.");
    }

    [GeneratedRegex(@"[^\n]*\bIL[23]\d{3}\b[^\n]*", RegexOptions.None, Limit)]
    private static partial Regex TrimWarning();
}
