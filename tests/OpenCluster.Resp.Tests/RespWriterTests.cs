using System.Text;

namespace OpenCluster.Resp.Tests;

public sealed class RespWriterTests : IDisposable
{
    private readonly RespWriter writer = new();

    public void Dispose() => writer.Dispose();

    [Fact]
    public void Replies_are_written_as_version_2_has_them()
    {
        Everything();
        Assert.Equal("+OK\r\n:-42\r\n$5\r\nhello\r\n$-1\r\n*-1\r\n*2\r\n*4\r\n*3\r\n:1\r\n$3\r\n1.5\r\n$3\r\ninf\r\n", Written);
    }

    [Fact]
    public void Replies_are_written_as_version_3_has_them()
    {
        writer.Protocol = 3;
        Everything();
        Assert.Equal("+OK\r\n:-42\r\n$5\r\nhello\r\n_\r\n_\r\n*2\r\n%2\r\n~3\r\n#t\r\n,1.5\r\n,inf\r\n", Written);
    }

    [Fact]
    public void A_line_break_does_not_end_an_error_early()
    {
        writer.Error("ERR no\r\n+OK"u8);
        Assert.Equal("-ERR no  +OK\r\n", Written);
    }

    [Fact]
    public void It_grows_as_far_as_it_must_and_gives_back_what_it_no_longer_needs()
    {
        var large = new byte[3_000_000];
        Random.Shared.NextBytes(large);
        writer.Simple("a"u8);
        writer.Bulk(large);
        Assert.True(writer.Written[4..].StartsWith("$3000000\r\n"u8));
        Assert.True(writer.Written.Slice(14, large.Length).SequenceEqual(large));
        writer.Drop(4);
        Assert.Equal(large.Length + 12, writer.Length);
        writer.Drop(writer.Length);
        Assert.Equal(0, writer.Length);
        writer.Ok();
        Assert.Equal("+OK\r\n", Written);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(3, "3")]
    [InlineData(-17.25, "-17.25")]
    [InlineData(0.1, "0.10000000000000001")]
    [InlineData(1e20, "1e+20")]
    [InlineData(1.5e-7, "1.4999999999999999e-07")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void Doubles_are_written_with_seventeen_digits_as_redis_7_0_has_them(double number, string text)
    {
        writer.Protocol = 3;
        writer.Double(number);
        Assert.Equal("," + text + "\r\n", Written);
    }

    [Theory]
    [InlineData("0", true, 0)]
    [InlineData("-1", true, -1)]
    [InlineData("9223372036854775807", true, long.MaxValue)]
    [InlineData("-9223372036854775808", true, long.MinValue)]
    [InlineData("9223372036854775808", false, 0)]
    [InlineData("01", false, 0)]
    [InlineData("+1", false, 0)]
    [InlineData("-0", false, 0)]
    [InlineData(" 1", false, 0)]
    [InlineData("1.0", false, 0)]
    [InlineData("", false, 0)]
    public void An_integer_has_one_way_to_be_written(string text, bool isInteger, long number)
    {
        Assert.Equal(isInteger, RespNumber.TryInteger(Encoding.ASCII.GetBytes(text), out var read));
        if (isInteger) Assert.Equal(number, read);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        writer.Protocol = 3;
        Everything();
        var rest = writer.Written;
        Assert.True(ReplyReader.TryRead(rest, RespLimits.Default, out var ok, out var consumed));
        Assert.Equal("OK", ok.Text);
        Assert.True(ReplyReader.TryRead(rest[consumed..], RespLimits.Default, out var number, out _));
        Assert.Equal(-42, number.Integer);
    }

    [Theory]
    [InlineData("*1000000000\r\n")]
    [InlineData("$99999999999\r\n")]
    [InlineData("?\r\n")]
    [InlineData("$x\r\n")]
    public void A_reply_that_is_none_or_too_large_is_refused(string text) =>
        Assert.Throws<RespException>(() => ReplyReader.TryRead(Encoding.ASCII.GetBytes(text), RespLimits.Default, out _, out _));

    [Fact]
    public void A_reply_that_nests_too_deep_is_refused() =>
        Assert.Throws<RespException>(() => ReplyReader.TryRead(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("*1\r\n", 1000))), RespLimits.Default, out _, out _));

    private string Written => Encoding.ASCII.GetString(writer.Written);

    private void Everything()
    {
        writer.Ok();
        writer.Integer(-42);
        writer.Bulk("hello"u8);
        writer.Null();
        writer.NullArray();
        writer.Array(2);
        writer.Map(2);
        writer.Set(3);
        writer.Boolean(true);
        writer.Double(1.5);
        writer.Double(double.PositiveInfinity);
    }
}
