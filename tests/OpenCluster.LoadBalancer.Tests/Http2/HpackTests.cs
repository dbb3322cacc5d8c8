using System.Text;
using OpenCluster.LoadBalancer.Http2.Hpack;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>RFC 7541: the worked examples of its Appendix C, what must be refused, and round trips.</summary>
public sealed class HpackTests
{
    [Fact]
    public void Decoder_reads_the_requests_of_appendix_C_4()
    {
        var decoder = new HpackDecoder();
        Assert.Equal(":method: GET|:scheme: http|:path: /|:authority: www.example.com", Decode(decoder, "828684418cf1e3c2e5f23a6ba0ab90f4ff"));
        Assert.Equal(
            ":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache", Decode(decoder, "828684be5886a8eb10649cbf"));
        Assert.Equal(
            ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value",
            Decode(decoder, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));
    }

    [Fact]
    public void Decoder_reads_the_answers_of_appendix_C_6_with_a_table_of_256_bytes()
    {
        var decoder = new HpackDecoder();
        Assert.Equal(
            ":status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com",
            Decode(decoder, "3fe101" + "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"));
        Assert.Equal(
            ":status: 307|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com",
            Decode(decoder, "4883640effc1c0bf"));
        Assert.Equal(
            ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com|content-encoding: gzip"
            + "|set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            Decode(decoder, "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"));
    }

    [Theory]
    [InlineData("80", "index 0")]
    [InlineData("be", "an index beyond both tables")]
    [InlineData("ffffffffff0f", "an integer too large for anything")]
    [InlineData("ff", "an integer cut short")]
    [InlineData("3fe21f", "a table larger than was allowed")]
    [InlineData("8220", "a change of size that is not at the start")]
    [InlineData("400a637573746f6d2d6b65", "a name cut short")]
    [InlineData("7e", "a literal with the name of an index beyond both tables")]
    [InlineData("0081ff0161", "padding of a whole byte of ones")]
    [InlineData("0081180161", "padding with zeros")]
    [InlineData("0084ffffffff0161", "the symbol for the end of a string")]
    public void Decoder_refuses(string block, string what) => Assert.False(new HpackDecoder().TryDecode(Convert.FromHexString(block), new List()), what);

    [Fact]
    public void A_field_larger_than_the_table_empties_it()
    {
        var decoder = new HpackDecoder();
        Decode(decoder, "3f21" + "4001610162");
        Assert.False(decoder.TryDecode([0xBF], new List()));
        Assert.Equal("a: b", Decode(decoder, "be"));
        var large = "40016120" + string.Concat(Enumerable.Repeat("62", 32));
        Decode(decoder, large);
        Assert.False(decoder.TryDecode([0xBE], new List()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_the_encoder_writes_the_decoder_reads_whatever_the_size_of_the_table(int seed)
    {
        var random = new Random(seed);
        var (encoder, decoder) = (new HpackEncoder(), new HpackDecoder());
        string[] names = [":status", "content-type", "x-a", "x-b", "set-cookie", "etag", "server", "x-" + new string('n', 150)];
        for (var block = 0; block < 2000; block++)
        {
            if (random.Next(50) == 0) encoder.Allow(random.Next(6) == 0 ? 0 : random.Next(8192));
            var fields = Enumerable.Range(0, random.Next(1, 12))
                .Select(_ => (Name: names[random.Next(names.Length)], Value: new string((char)('a' + random.Next(26)), random.Next(random.Next(2) == 0 ? 10 : 400)))).ToList();
            var bytes = new byte[16384];
            var length = encoder.Begin(bytes);
            foreach (var (name, value) in fields)
                length += encoder.Encode(bytes.AsSpan(length), Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value), name == "set-cookie");
            Assert.Equal(string.Join('|', fields.Select(f => $"{f.Name}: {f.Value}")), Decode(decoder, Convert.ToHexString(bytes.AsSpan(0, length))));
        }
    }

    [Fact]
    public void A_field_that_is_sent_again_and_again_costs_one_byte()
    {
        var encoder = new HpackEncoder();
        var bytes = new byte[256];
        var lengths = Enumerable.Range(0, 4).Select(_ => encoder.Encode(bytes, "server"u8, "nginx"u8)).ToArray();
        Assert.Equal([8, 7, 1, 1], lengths);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public void Decoder_survives_any_bytes(int seed)
    {
        var random = new Random(seed);
        var decoder = new HpackDecoder();
        byte[] good = Convert.FromHexString("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
        for (var round = 0; round < 20000; round++)
        {
            var block = random.Next(2) == 0 ? [.. good] : new byte[random.Next(1, 200)];
            if (block.Length != good.Length) random.NextBytes(block);
            else for (var i = 0; i < 3; i++) block[random.Next(block.Length)] = (byte)random.Next(256);
            var list = new List();
            if (!decoder.TryDecode(block, list)) decoder = new HpackDecoder();
            // Whatever it was, it cannot become more than table entries times bytes.
            Assert.True(list.Bytes <= block.Length * (HpackDecoder.TableBytes + 32));
        }
    }

    private static string Decode(HpackDecoder decoder, string block)
    {
        var list = new List();
        Assert.True(decoder.TryDecode(Convert.FromHexString(block), list));
        return list.ToString();
    }

    private sealed class List : IFieldSink
    {
        private readonly List<string> _fields = [];

        public long Bytes { get; private set; }

        public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            Bytes += name.Length + value.Length;
            _fields.Add($"{Encoding.Latin1.GetString(name)}: {Encoding.Latin1.GetString(value)}");
        }

        public override string ToString() => string.Join('|', _fields);
    }
}
