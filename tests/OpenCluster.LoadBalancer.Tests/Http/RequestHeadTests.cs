using System.Text;
using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Tests.Http;

public sealed class RequestHeadTests
{
    [Theory]
    [InlineData("websocket", true)]
    [InlineData("h2c", false)]
    [InlineData("websocket, H2C", false)]
    public void Upgrade_to_http_2_is_not_asked_of_a_target(string protocol, bool upgrades)
    {
        var head = new RequestHead();
        var text = $"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\nUpgrade: {protocol}\r\n\r\n";
        Assert.Equal(HeadStatus.Complete, head.Parse(Encoding.ASCII.GetBytes(text)));
        Assert.Equal(upgrades, head.Upgrades);
    }

    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", nameof(HeadError.HostMissing))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", nameof(HeadError.HostTwice))]
    [InlineData("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", nameof(HeadError.HostInvalid))]
    [InlineData("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", nameof(HeadError.HostInvalid))]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", nameof(HeadError.HostInvalid))]
    [InlineData("GET / HTTP/1.1\r\nHost:\r\n\r\n", nameof(HeadError.HostInvalid))]
    [InlineData("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.TargetForm))]
    [InlineData("GET * HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.TargetForm))]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.Method))]
    [InlineData("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.Method))]
    [InlineData("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.RequestLine))]
    [InlineData("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.RequestLine))]
    [InlineData("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.TargetCharacter))]
    [InlineData("GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.TargetCharacter))]
    [InlineData("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.DotSegments))]
    [InlineData("GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.DotSegments))]
    [InlineData("GET /a/.%2e HTTP/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.DotSegments))]
    [InlineData("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", nameof(HeadError.RequestLine))]
    [InlineData("GET / http/1.1\r\nHost: a\r\n\r\n", nameof(HeadError.RequestLine))]
    [InlineData("GET /\r\nHost: a\r\n\r\n", nameof(HeadError.RequestLine))]
    [InlineData("GET / HTTP/2.0\r\nHost: a\r\n\r\n", nameof(HeadError.Version))]
    [InlineData("GET / HTTP/1.1\nHost: a\r\n\r\n", nameof(HeadError.BareLineEnd))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\n\r\n", nameof(HeadError.BareLineEnd))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", nameof(HeadError.BareLineEnd))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", nameof(HeadError.ControlCharacter))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n", nameof(HeadError.ControlCharacter))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", nameof(HeadError.FieldLine))]
    [InlineData("GET / HTTP/1.1\r\n Host: a\r\n\r\n", nameof(HeadError.FieldLine))]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n", nameof(HeadError.FieldLine))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", nameof(HeadError.FieldLine))]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", nameof(HeadError.FieldLine))]
    [InlineData(Post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", nameof(HeadError.LengthAndEncoding))]
    [InlineData(Post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", nameof(HeadError.LengthAndEncoding))]
    [InlineData(Post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", nameof(HeadError.LengthTwice))]
    [InlineData(Post + "Content-Length: 5, 5\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Content-Length: +5\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Content-Length: -1\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Content-Length: 0x5\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Content-Length: 5 5\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Content-Length:\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Content-Length: 9999999999999999999\r\n\r\n", nameof(HeadError.LengthInvalid))]
    [InlineData(Post + "Transfer-Encoding: xchunked\r\n\r\n", nameof(HeadError.EncodingUnknown))]
    [InlineData(Post + "Transfer-Encoding: chunked, identity\r\n\r\n", nameof(HeadError.EncodingUnknown))]
    [InlineData(Post + "Transfer-Encoding: gzip, chunked\r\n\r\n", nameof(HeadError.EncodingUnknown))]
    [InlineData(Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", nameof(HeadError.EncodingUnknown))]
    [InlineData(Post + "Transfer-Encoding: \"chunked\"\r\n\r\n", nameof(HeadError.EncodingUnknown))]
    [InlineData(Post + "Transfer-Encoding:\vchunked\r\n\r\n", nameof(HeadError.ControlCharacter))]
    [InlineData("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", nameof(HeadError.EncodingInHttp10))]
    [InlineData(Post + "Connection: Content-Length\r\nContent-Length: 5\r\n\r\n", nameof(HeadError.ConnectionNominates))]
    [InlineData(Post + "Connection: close, host\r\n\r\n", nameof(HeadError.ConnectionNominates))]
    [InlineData(Post + "Expect: more\r\n\r\n", nameof(HeadError.ExpectUnknown))]
    public void Smuggling_forms_and_nonsense_are_refused(string text, string error)
    {
        var head = new RequestHead();
        Assert.Equal(HeadStatus.Refused, head.Parse(Encoding.Latin1.GetBytes(text)));
        Assert.Equal(error, head.Error.ToString());
    }

    [Fact]
    public void Sizes_beyond_the_limits_are_refused_before_they_are_complete()
    {
        Assert.Equal(HeadError.LineTooLong, ErrorOf("GET /" + new string('a', HeadLimits.LineBytes)));
        Assert.Equal(HeadError.HeadTooLarge, ErrorOf("GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('a', HeadLimits.HeadBytes)));
        Assert.Equal(HeadError.TooManyFields, ErrorOf("GET / HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("X: a\r\n", HeadLimits.Fields + 1))));

        static HeadError ErrorOf(string text)
        {
            var head = new RequestHead();
            Assert.Equal(HeadStatus.Refused, head.Parse(Encoding.Latin1.GetBytes(text)));
            return head.Error;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_split_of_any_mutation_is_read_as_the_whole(int seed)
    {
        var random = new Random(seed);
        string[] seeds =
        [
            "GET /a/b?c=d HTTP/1.1\r\nHost: example.org:80\r\nConnection: keep-alive, X-A\r\nX-A: 1\r\nAccept: */*\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\nhello world!",
            "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ];
        var (complete, refused) = (0, 0);
        for (var run = 0; run < 4000; run++)
        {
            var bytes = Encoding.Latin1.GetBytes(seeds[random.Next(seeds.Length)]).ToList();
            for (var mutation = random.Next(4); mutation > 0; mutation--) Mutate(bytes, random);
            var all = bytes.ToArray();

            var whole = new RequestHead();
            var wholeStatus = whole.Parse(all);
            var split = new RequestHead();
            var status = HeadStatus.NeedMore;
            for (var length = 0; status == HeadStatus.NeedMore && length < all.Length;)
            {
                length = Math.Min(all.Length, length + random.Next(1, 12));
                status = split.Parse(all.AsSpan(0, length));
            }
            Assert.Equal(wholeStatus, status);
            Assert.Equal(whole.Error, split.Error);
            if (wholeStatus == HeadStatus.Refused) refused++;
            if (wholeStatus != HeadStatus.Complete) continue;
            complete++;
            Assert.Equal(whole.Length, split.Length);
            Assert.Equal((whole.Body, whole.ContentLength, whole.KeepAlive), (split.Body, split.ContentLength, split.KeepAlive));
            Assert.Equal(whole.Target(all).ToArray(), split.Target(all).ToArray());
            Assert.Equal(whole.Fields.Lines.ToArray(), split.Fields.Lines.ToArray());
            // What is accepted has one reading: no controls but the line ends, and exactly one way to frame the body.
            var text = Encoding.Latin1.GetString(all, 0, whole.Length);
            Assert.DoesNotContain(text.Replace("\r\n", ""), c => c is '\r' or '\n' or '\0');
            Assert.False(whole.Fields.Has(FieldId.ContentLength) && whole.Fields.Has(FieldId.TransferEncoding));
        }
        Assert.True(complete > 300 && refused > 300, $"{complete} complete, {refused} refused");
    }

    private static void Mutate(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count);
        switch (random.Next(4))
        {
            case 0: bytes[at] = (byte)random.Next(256); break;
            case 1: bytes.RemoveAt(at); break;
            case 2: bytes.Insert(at, "\r\n\0 \t:,;%"u8[random.Next(9)]); break;
            default: bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(20)).ToArray()); break;
        }
    }
}
