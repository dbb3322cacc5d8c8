using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Http;

/// <summary>Parsers fed with what nobody would send: they never throw, and what they say does not depend on how the bytes were cut.</summary>
public sealed class FuzzTests
{
    private const int Rounds = 20_000;

    private static readonly string[] Requests =
    [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /a/b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 10\r\nConnection: keep-alive, X-Y\r\nX-Y: z\r\n\r\n0123456789",
        "PUT /%20x HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ];

    private static readonly string[] Answers =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 204\r\n\r\n",
        "HTTP/1.0 301 Moved Permanently\r\nLocation: /x\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n",
    ];

    private static readonly string[] Bodies = ["5\r\nhello\r\n0\r\n\r\n", "1;a=b\r\nx\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-T: u\r\n\r\n", "0\r\n\r\n"];

    [Fact]
    public void Request_heads_are_read_the_same_in_one_piece_and_in_many()
    {
        var random = new Random(1);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutated(Requests[random.Next(Requests.Length)], random);
            var whole = new RequestHead();
            var status = whole.Parse(bytes);
            var cut = new RequestHead();
            var last = HeadStatus.NeedMore;
            for (var length = 0; last == HeadStatus.NeedMore && length < bytes.Length;)
            {
                length = Math.Min(bytes.Length, length + random.Next(1, 9));
                last = cut.Parse(bytes.AsSpan(0, length));
            }
            Assert.True(status == last, Told(bytes, status, last));
            Assert.True(whole.Error == cut.Error, Told(bytes, whole.Error, cut.Error));
            if (status != HeadStatus.Complete) continue;
            Assert.Equal((whole.Length, whole.Body, whole.ContentLength, whole.KeepAlive, whole.Fields.Count), (cut.Length, cut.Body, cut.ContentLength, cut.KeepAlive, cut.Fields.Count));
            // Nothing that was let through holds what another parser could take for a line's end.
            Assert.True(Encoding.Latin1.GetString(bytes, 0, whole.Length).Replace("\r\n", "").IndexOfAny(['\r', '\n', '\0']) < 0, Told(bytes, status, last));
        }
    }

    [Fact]
    public void Response_heads_are_read_the_same_in_one_piece_and_in_many()
    {
        var random = new Random(2);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutated(Answers[random.Next(Answers.Length)], random);
            var toHead = random.Next(2) == 0;
            var whole = new ResponseHead();
            var status = whole.Parse(bytes, toHead);
            var cut = new ResponseHead();
            var last = HeadStatus.NeedMore;
            for (var length = 0; last == HeadStatus.NeedMore && length < bytes.Length;)
            {
                length = Math.Min(bytes.Length, length + random.Next(1, 9));
                last = cut.Parse(bytes.AsSpan(0, length), toHead);
            }
            Assert.True(status == last, Told(bytes, status, last));
            if (status == HeadStatus.Complete) Assert.Equal((whole.Length, whole.Status, whole.Body, whole.ContentLength), (cut.Length, cut.Status, cut.Body, cut.ContentLength));
        }
    }

    [Fact]
    public void Chunks_are_read_the_same_in_one_piece_and_in_many()
    {
        var random = new Random(3);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Mutated(Bodies[random.Next(Bodies.Length)], random);
            var whole = new ChunkReader();
            whole.Clear();
            var read = whole.Read(bytes);
            var cut = new ChunkReader();
            cut.Clear();
            var total = 0;
            while (total < bytes.Length && !cut.IsDone && !cut.IsBad) total += cut.Read(bytes.AsSpan(total, Math.Min(random.Next(1, 5), bytes.Length - total)));
            Assert.True(whole.IsDone == cut.IsDone && whole.IsBad == cut.IsBad && whole.Announced == cut.Announced, Told(bytes, whole.IsDone, cut.IsDone));
            if (whole.IsDone) Assert.Equal(read, total);
        }
    }

    private static byte[] Mutated(string text, Random random) => Mutation.Of(text, random, "\r\n\0 \t:;,x0\x7f\xff");

    private static string Told<T>(byte[] bytes, T whole, T cut) => $"{whole} whole and {cut} in pieces: {Encoding.Latin1.GetString(bytes)}";
}
