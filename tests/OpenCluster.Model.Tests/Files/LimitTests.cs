using System.Text;
using OpenCluster.Model.Files;

namespace OpenCluster.Model.Tests.Files;

/// <summary>A hostile file is an error in bounded time and memory, never an exception.</summary>
public sealed class LimitTests
{
    [Fact]
    public void A_file_past_the_size_limit_is_refused() =>
        Refused("cluster: c # " + new string('x', FileLimits.SizeBytes), "more than 1,048,576");

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Endless_nesting_is_refused(char open) => Refused("cluster: " + new string(open, 100_000), "inside each other");

    [Fact]
    public void Aliases_that_multiply_are_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");

        Refused(bomb.ToString(), "values once aliases are followed");
    }

    [Fact]
    public void Aliases_that_nest_are_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x]\n");
        for (var i = 1; i < 50; i++)
            bomb.Append($"a{i}: &a{i} [*a{i - 1}]\n");

        Refused(bomb.ToString(), "inside each other once aliases are followed");
    }

    [Fact]
    public void Values_that_multiply_are_refused()
    {
        var bomb = new StringBuilder("cluster: c\nservers: [a]\nvalues:\n  a: xxxxxxxxxx\n");
        for (var c = 'b'; c < 'k'; c++)
            bomb.Append($"  {c}: {string.Concat(Enumerable.Repeat($"${{{(char)(c - 1)}}}", 10))}\n");

        Refused(bomb.ToString(), "the text grows past");
    }

    [Fact]
    public void Values_that_multiply_nothing_are_read_in_no_time()
    {
        var bomb = new StringBuilder("cluster: c\nservers: [a]\nvalues:\n  a0: ''\n");
        for (var i = 1; i < 100; i++)
            bomb.Append($"  a{i}: {string.Concat(Enumerable.Repeat($"${{a{i - 1}}}", 10))}\n");

        Assert.Equal("", ClusterFile.Read(bomb.ToString()).File!.Values["a99"]);
    }

    [Fact]
    public void An_alias_stands_for_what_it_names()
    {
        var reading = ClusterFile.Read("cluster: c\nservers: [a]\nservices:\n  s: {run: x, check: &check {http: /health}}\n  t: {run: y, check: *check}");

        Assert.Equal([], reading.Lines);
        Assert.All(reading.File!.Cluster.Services, s => Assert.Equal("/health", s.In("default")!.Spec.Check!.Path));
    }

    private static void Refused(string text, string words)
    {
        var reading = ClusterFile.Read(text);

        Assert.Null(reading.File);
        Assert.Contains(reading.Lines, l => l.Contains(words, StringComparison.Ordinal));
    }
}
