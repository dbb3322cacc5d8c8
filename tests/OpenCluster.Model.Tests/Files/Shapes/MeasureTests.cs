using OpenCluster.Model.Files.Shapes;

namespace OpenCluster.Model.Tests.Files.Shapes;

public sealed class MeasureTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1500)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("3d", 259_200_000)]
    [InlineData("0", 0)]
    public void A_duration_is_read(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var span));
        Assert.Equal(milliseconds, span.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("5w")]
    [InlineData("1.2.3s")]
    [InlineData("99999d")]
    [InlineData("999999999999999999999999d")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("1GB", 1_000_000_000)]
    [InlineData("0B", 0)]
    public void A_size_is_read(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out var size));
        Assert.Equal(bytes, size);
    }

    [Theory]
    [InlineData("512")]
    [InlineData("512M")]
    [InlineData("MiB")]
    [InlineData("-1MiB")]
    [InlineData("99999999999TiB")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Sizes.TryParse(text, out _));

    [Fact]
    public void What_is_shown_reads_as_what_it_was()
    {
        var random = new Random(7);
        for (var i = 0; i < 1000; i++)
        {
            var span = TimeSpan.FromMilliseconds(random.NextInt64((long)Durations.Longest.TotalMilliseconds));
            Assert.True(Durations.TryParse(Durations.Show(span), out var same) && same == span, Durations.Show(span));

            var bytes = random.NextInt64(1L << 60) >> random.Next(60);
            Assert.True(Sizes.TryParse(Sizes.Show(bytes), out var size) && size == bytes, Sizes.Show(bytes));
        }
    }
}
