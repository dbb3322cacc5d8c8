using OpenCluster.Model.Files;

namespace OpenCluster.Model.Tests.Files;

/// <summary>Whatever the text, reading gives values: a file or errors. A failing seed is in the message.</summary>
public sealed class FuzzTests
{
    private const int Rounds = 3000;

    private static readonly string[] Seeds =
    [
        Repository.Read("examples/simple-startup/cluster.yaml"),
        Repository.Read("examples/annotated.yaml"),
        Repository.Read("tests/OpenCluster.Model.Tests/Golden/ten-mistakes.yaml"),
    ];

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "&a ", "*a", "!t ", "? ", "| \n", "> \n", "'", "\"", "#", "%YAML 9\n", "---\n", "...\n", "<<: ",
        "${", "${a}", "$${a}", "${zone.name}", "null", "~", "\0", "\uFFFE", "\uD800", "é", "999999999999999999999", "-1", "1e999", "5s", "1GB", "../", "default", "role: ",
    ];

    [Fact]
    public void Any_text_gives_a_file_or_errors_and_never_throws()
    {
        for (var seed = 0; seed < Rounds; seed++)
        {
            var text = Mutate(new Random(seed));
            var reading = Read(text, seed);
            Assert.True(reading.File is not null != !reading.Errors.IsEmpty, $"seed {seed}: neither a file nor errors, or both");
            Assert.All(reading.Errors, e => Assert.True(e.What.Length > 0, $"seed {seed}: an error without words"));
        }
    }

    private static FileReading Read(string text, int seed)
    {
        try
        {
            return ClusterFile.Read(text);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed} threw for:\n{text}", exception);
        }
    }

    private static string Mutate(Random random)
    {
        var text = Seeds[random.Next(Seeds.Length)];
        for (var i = random.Next(1, 8); i > 0; i--)
        {
            var at = random.Next(text.Length + 1);
            var piece = Pieces[random.Next(Pieces.Length)];
            text = random.Next(5) switch
            {
                0 => text[..at] + piece + text[at..],
                1 => text[..at] + text[Math.Min(text.Length, at + random.Next(20))..],
                2 => text[..at] + text[random.Next(at + 1)..],
                3 => text[..Math.Min(at + 200, text.Length)],
                _ => Swap(text, random),
            };
        }
        return text;
    }

    /// <summary>Puts one line in the place of another: keys where they do not belong.</summary>
    private static string Swap(string text, Random random)
    {
        var lines = text.Split('\n');
        lines[random.Next(lines.Length)] = lines[random.Next(lines.Length)];
        return string.Join('\n', lines);
    }
}
