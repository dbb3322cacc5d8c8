using System.Collections.Immutable;
using System.CommandLine;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;
using OpenCluster.Model.Files;

namespace OpenCluster.Verbs.Files;

/// <summary>How a verb takes a cluster file: its path, and values that replace those in it.</summary>
internal static class FileArguments
{
    public static readonly Argument<FileInfo> File = new("FILE") { Description = "The cluster file" };

    public static readonly Option<string[]> Set = new("--set")
    {
        Description = "NAME=VALUE: replaces an entry of the file's `values`; may be given several times",
        AllowMultipleArgumentsPerToken = false,
    };

    public static readonly Option<bool> TakeFile = new("--take-file") { Description = "Where the file and a change made elsewhere disagree, take the file" };
    public static readonly Option<string> Why = new("--why") { Description = "A reason, kept in the history", DefaultValueFactory = _ => "" };

    /// <exception cref="IOException">The file cannot be read, or a --set is not NAME=VALUE.</exception>
    public static async Task<FileRequest> RequestAsync(ParseResult parsed, CancellationToken ct)
    {
        var file = parsed.GetRequiredValue(File);
        if (Directory.Exists(file.FullName)) throw new IOException($"{file.FullName} is a directory; name the cluster file in it, such as {Path.Combine(file.FullName, "cluster.yaml")}.");
        if (!file.Exists) throw new FileNotFoundException($"{file.FullName} does not exist. Start from examples/simple-startup/cluster.yaml, or write one: `opencluster schema` lists every key.");
        return new FileRequest
        {
            Text = await System.IO.File.ReadAllTextAsync(file.FullName, ct).ConfigureAwait(false),
            FileName = file.Name,
            Set = Values(parsed.GetValue(Set) ?? []),
        };
    }

    /// <summary>The file as this executable understands it; the controller reads it again for itself.</summary>
    /// <exception cref="FileInvalidException">It has mistakes.</exception>
    public static ClusterFile Read(FileRequest request)
    {
        var reading = ClusterFile.Read(request.Text, request.FileName, request.Set);
        return reading.File ?? throw new FileInvalidException([.. reading.Lines]);
    }

    public static ImmutableSortedDictionary<string, string> Values(string[] pairs) =>
        pairs.Select(pair => pair.Split('=', 2) is [{ Length: > 0 } name, var value]
                ? KeyValuePair.Create(name, value)
                : throw new IOException($"--set {pair}: write NAME=VALUE."))
            .ToImmutableSortedDictionary(StringComparer.Ordinal);

    public static void Print(Screen screen, Api.Views.PlanView plan)
    {
        Section(screen, "", plan.Changes);
        Section(screen, "Changed elsewhere since the last apply (kept; --take-file overrides):", plan.Drift);
        Section(screen, "What it means for what runs:", plan.Moves);
        foreach (var warning in plan.Warnings) screen.Markup($"[yellow]warning:[/] {Screen.Plain(warning)}");
        if (plan.Empty) screen.Markup("Nothing to change.");
    }

    private static void Section(Screen screen, string heading, ImmutableArray<Api.Views.PlanLine> lines)
    {
        if (lines.IsEmpty) return;
        if (heading.Length > 0) screen.Markup($"\n[bold]{heading}[/]");
        foreach (var line in lines)
        {
            var colour = line.Sign switch { "+" => "green", "-" => "red", _ => "yellow" };
            screen.Markup($"[{colour}]{Screen.Plain(line.Sign)} {Screen.Plain(line.Subject)}[/]  {Screen.Plain(line.Text)}");
        }
    }
}
