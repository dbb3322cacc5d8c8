using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Tests.Http;

public sealed class ChunkReaderTests
{
    [Theory]
    [InlineData("0\r\n\r\n", "")]
    [InlineData("3\r\nabc\r\n0\r\n\r\n", "abc")]
    [InlineData("A;name=\"v\"\r\n0123456789\r\n00\r\n\r\n", "0123456789")]
    [InlineData("1\r\na\r\n0\r\nX-Sum: 1\r\nX-More:\r\n\r\n", "a")]
    public void Good_bodies_are_read_to_their_last_byte_in_any_split(string text, string payload)
    {
        var bytes = Encoding.Latin1.GetBytes(text + "NEXT");
        for (var piece = 1; piece <= bytes.Length; piece++)
        {
            var reader = new ChunkReader();
            var read = 0;
            var body = new StringBuilder();
            while (!reader.IsDone)
            {
                var part = bytes.AsSpan(read, Math.Min(piece, bytes.Length - read));
                var count = reader.Read(part, out var data);
                Assert.False(reader.IsBad);
                body.Append(Encoding.Latin1.GetString(part.Slice(count - data, data)));
                read += count;
            }
            Assert.Equal(text.Length, read);
            Assert.Equal(payload, body.ToString());
            Assert.Equal(payload.Length, reader.Announced);
        }
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData(" 3\r\nabc\r\n")]
    [InlineData("3 \r\nabc\r\n")]
    [InlineData("0x3\r\nabc\r\n")]
    [InlineData("+3\r\nabc\r\n")]
    [InlineData("-3\r\nabc\r\n")]
    [InlineData("3\nabc\n")]
    [InlineData("3\r\nabcd\r\n")]
    [InlineData("3\r\nabc\n0\r\n\r\n")]
    [InlineData("3\r\nabc\r0\r\n\r\n")]
    [InlineData("3;a=\n\r\nabc\r\n")]
    [InlineData("3;a=\rb\r\nabc\r\n")]
    [InlineData("1000000000000000\r\n")]
    [InlineData("0\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("0\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("0\r\nHost: b\r\n\r\n")]
    [InlineData("0\r\nAuthorization: b\r\n\r\n")]
    [InlineData("0\r\n folded\r\n\r\n")]
    [InlineData("0\r\nnonsense\r\n\r\n")]
    [InlineData("0\r\nX: a\n\r\n")]
    public void Bad_chunks_are_refused(string text)
    {
        var reader = new ChunkReader();
        reader.Read(Encoding.Latin1.GetBytes(text));
        Assert.True(reader.IsBad);
        Assert.False(reader.IsDone);
    }

    [Fact]
    public void Extensions_and_trailers_are_bounded()
    {
        var reader = new ChunkReader();
        reader.Read(Encoding.Latin1.GetBytes("3;" + new string('a', 300)));
        Assert.True(reader.IsBad);
        reader.Clear();
        reader.Read(Encoding.Latin1.GetBytes("0\r\n" + string.Concat(Enumerable.Repeat("X-Y: " + new string('a', 90) + "\r\n", 100))));
        Assert.True(reader.IsBad);
    }
}
