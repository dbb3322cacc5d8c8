using System.Collections.Immutable;
using OpenCluster.Model.Files.Schema;
using OpenCluster.Model.Files.Yaml;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Rules;

namespace OpenCluster.Model.Files;

/// <summary>A cluster file without a mistake: its text as kept in the history, and the objects it declares (ids empty).</summary>
/// <param name="Values">What the file's own <c>values</c> came to, those set by the caller included.</param>
public sealed record ClusterFile(string Name, string Text, ImmutableSortedDictionary<string, string> Values, Cluster Cluster)
{
    /// <summary>
    /// Reads a file whole: the file, or all its errors. Never throws for any text.
    /// </summary>
    /// <param name="name">What errors call the file, as the owner typed it.</param>
    /// <param name="set">Texts that win over the file's <c>values</c>; each must be declared there.</param>
    public static FileReading Read(string text, string name = "cluster.yaml", IReadOnlyDictionary<string, string>? set = null)
    {
        var reading = new Reading(name);
        var root = NodeLoader.Load(text, (at, what, instead) => reading.Error(at, "", what, instead));
        if (root is null)
            return new FileReading(null, reading.Errors());

        var (values, names) = ValuesOf(root, set ?? ImmutableDictionary<string, string>.Empty, reading);
        var scope = new Scope(reading, "", values);
        var filled = WithBuiltIn(values).FillAll(names, scope.Below(ClusterSchema.Values.Name));
        _ = ClusterSchema.Shape.TryRead(root, scope, out var cluster);

        // What is wrong with one object alone is told whatever else is wrong; whether things fit is only known once all can be read.
        if (cluster is not null)
            Report(ClusterRules.CheckEach(cluster), reading);
        if (cluster is not null && reading.Errors().IsEmpty)
            Report(ClusterRules.CheckFit(cluster), reading);

        var errors = reading.Errors();
        return new FileReading(errors.IsEmpty ? new ClusterFile(name, text, filled, cluster!) : null, errors);
    }

    private static void Report(IEnumerable<Finding> findings, Reading reading)
    {
        foreach (var (path, finding) in findings.Select(f => (reading.Written(f.Path), f)))
        {
            if (!reading.IsWrong(path))
                reading.Error(reading.Place(path), path, finding.What, finding.Instead);
        }
    }

    /// <summary>Names whose meaning is known only where a value is used: they stand for themselves while values are looked at alone.</summary>
    private static Values WithBuiltIn(Values values) => new[] { "cluster.name", "zone.name", "service.name" }
        .Aggregate(values, (v, name) => v.With(name, $"$${{{name}}}", Position.None));

    /// <summary>The file's own values, read before everything else, and those of the caller over them.</summary>
    private static (Values Values, List<string> Names) ValuesOf(MapNode root, IReadOnlyDictionary<string, string> set, Reading reading)
    {
        var values = Files.Values.None;
        var names = new List<string>();
        var scope = new Scope(reading, ClusterSchema.Values.Name, values);
        if (root[ClusterSchema.Values.Name] is { } node)
        {
            foreach (var (name, _, text) in ZoneSchema.ValuesShape.Entries(node, scope))
            {
                values = values.With(name, text.IsNull ? "" : text.Text, text.At);
                names.Add(name);
            }
        }
        foreach (var (name, text) in set)
        {
            if (!names.Contains(name))
                reading.Error(Position.None, "", $"--set {name}: the file has no such value", DidYouMean.Hint(name, names));
            else
                values = values.With(name, text.Replace("${", "$${", StringComparison.Ordinal), Position.None);
        }
        return (values, names);
    }
}

/// <summary>What reading a file gave: the file when there is no error, all errors otherwise, in the order of the file.</summary>
public sealed record FileReading(ClusterFile? File, ImmutableArray<FileError> Errors)
{
    /// <summary>The errors as lines for a person.</summary>
    public IEnumerable<string> Lines => Errors.Select(e => e.ToString());
}
