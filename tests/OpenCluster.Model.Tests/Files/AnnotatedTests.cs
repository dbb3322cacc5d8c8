using System.Text;
using System.Text.RegularExpressions;
using OpenCluster.Model.Files;
using OpenCluster.Model.Files.Schema;
using OpenCluster.Model.Files.Shapes;
using YamlDotNet.RepresentationModel;

namespace OpenCluster.Model.Tests.Files;

/// <summary>
/// <c>examples/annotated.yaml</c> is the reference: its values are written by hand, the comment above the first use of each key comes
/// from the schema. <c>OPENCLUSTER_GOLDEN=rewrite</c> writes the comments anew.
/// </summary>
public sealed partial class AnnotatedTests
{
    private const string Sample = "examples/annotated.yaml";
    private const int Width = 110;

    [Fact]
    public void The_annotated_sample_reads_without_a_mistake() => Assert.Equal([], ClusterFile.Read(Repository.Read(Sample), Sample).Lines);

    [Fact]
    public void The_annotated_sample_shows_every_key()
    {
        var shown = Uses(Repository.Read(Sample)).Select(u => (u.Object.Title, u.Key.Name)).ToHashSet();

        Assert.Equal([], ClusterSchema.Objects().SelectMany(o => o.Keys.Select(k => (o.Title, k.Name)))
            .Where(k => k.Title != InZone && !shown.Contains(k)));
    }

    [Fact]
    public void The_annotated_sample_says_of_each_key_what_the_schema_says()
    {
        var path = Path.Combine(Repository.Root, Sample);
        var annotated = Annotate(File.ReadAllText(path));
        if (Golden.Rewriting)
            File.WriteAllText(path, annotated);

        Assert.Equal(annotated, File.ReadAllText(path));
    }

    /// <summary>The keys of a service stand again below its zones: they are explained once.</summary>
    private const string InZone = "a service in a zone";

    private sealed record Use(IObjectShape Object, Key Key, int Line);

    private static string Annotate(string text)
    {
        var bare = Comment().Replace(text, "");
        var header = text[..text.IndexOf('\n', StringComparison.Ordinal)];
        var explained = new HashSet<Key>();
        var comments = new Dictionary<int, string>();
        var lines = bare.Split('\n');
        foreach (var use in Uses(bare).Where(u => u.Object.Title != InZone && explained.Add(u.Key)))
            comments.TryAdd(use.Line, Wrapped(use.Key.Explanation, lines[use.Line - 1].TakeWhile(c => c == ' ').Count()));

        var annotated = new StringBuilder(header + "\n");
        for (var i = 0; i < lines.Length - 1; i++)
        {
            var comment = comments.GetValueOrDefault(i + 1);
            if (comment is not null && !lines[i].StartsWith(' '))
                annotated.Append('\n');
            annotated.Append(comment).Append(lines[i]).Append('\n');
        }
        return annotated.ToString();
    }

    private static string Wrapped(string text, int indent)
    {
        var wrapped = new StringBuilder();
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && indent + 3 + line.Length + word.Length > Width)
            {
                wrapped.Append(' ', indent).Append('#').Append(line).Append('\n');
                line = "";
            }
            line += " " + word;
        }
        return wrapped.Append(' ', indent).Append('#').Append(line).Append('\n').ToString();
    }

    /// <summary>Every use of a key of the schema, in the order of the file.</summary>
    private static List<Use> Uses(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        var uses = new List<Use>();
        Walk(yaml.Documents[0].RootNode, ClusterSchema.Shape, uses);
        return uses;
    }

    /// <summary>A map is an object where the shape is one; else it goes by name, and the shape of its items is the next object below.</summary>
    private static void Walk(YamlNode node, Shape shape, List<Use> uses)
    {
        var below = shape as IObjectShape ?? (shape.Objects() is [var first, ..] ? first : null);
        if (node is YamlSequenceNode list)
        {
            foreach (var item in list)
                Walk(item, shape, uses);
        }
        else if (node is YamlMappingNode map && below is not null)
        {
            foreach (var (name, value) in map)
            {
                if (shape is not IObjectShape && shape.Words.StartsWith("a map from name", StringComparison.Ordinal))
                    Walk(value, (Shape)below, uses);
                else if (below.Keys.FirstOrDefault(k => k.Name == ((YamlScalarNode)name).Value) is { } key)
                {
                    uses.Add(new Use(below, key, (int)name.Start.Line));
                    Walk(value, key.Shape, uses);
                }
            }
        }
    }

    [GeneratedRegex(@"^ *(#.*)?\n", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Comment();
}
