using System.Net;
using System.Text;
using OpenCluster.LoadBalancer.Listening;

namespace OpenCluster.LoadBalancer.Tests.Listening;

public sealed class ProxyHeaderTests
{
    [Theory]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n", "192.0.2.7:4711")]
    [InlineData("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n", "[2001:db8::7]:4711")]
    [InlineData("PROXY UNKNOWN\r\n", null)]
    [InlineData("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", null)]
    public void Line_is_read_and_what_follows_it_is_left(string line, string? client)
    {
        var status = ProxyHeader.Parse(Encoding.ASCII.GetBytes(line + "GET /"), out var length, out var found);
        Assert.Equal((ProxyHeaderStatus.Complete, line.Length, client), (status, length, found?.ToString()));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 4711 70000\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443 more\r\n")]
    [InlineData("PROXY TCP4 192.0.2 192.0.2.1 4711 443\r\n")]
    [InlineData("PROXY TCP4 2001:db8::7 2001:db8::1 4711 443\r\n")]
    [InlineData("PROXY TCP6 192.0.2.7 192.0.2.1 4711 443\r\n")]
    [InlineData("PROXY  TCP4 192.0.2.7 192.0.2.1 4711 443\r\n")]
    [InlineData("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n")]
    [InlineData("PROXY TCP4 0x7f.0.0.1 192.0.2.1 4711 443\r\n")]
    [InlineData("proxy TCP4 192.0.2.7 192.0.2.1 4711 443\r\n")]
    public void Malformed_line_is_refused(string line) =>
        Assert.Equal(ProxyHeaderStatus.Refused, ProxyHeader.Parse(Encoding.ASCII.GetBytes(line), out _, out _));

    [Fact]
    public void Line_without_end_is_refused_at_its_longest() =>
        Assert.Equal(ProxyHeaderStatus.Refused, ProxyHeader.Parse(Encoding.ASCII.GetBytes("PROXY TCP4 " + new string('1', 200)), out _, out _));

    [Theory]
    [InlineData(false, "192.0.2.7:4711", "192.0.2.1:443")]
    [InlineData(true, "192.0.2.7:4711", "192.0.2.1:443")]
    [InlineData(false, "[2001:db8::7]:4711", "[2001:db8::1]:443")]
    [InlineData(true, "[2001:db8::7]:4711", "[2001:db8::1]:443")]
    [InlineData(true, "192.0.2.7:4711", "[2001:db8::1]:443")]
    [InlineData(false, "192.0.2.7:4711", "[2001:db8::1]:443")]
    public void What_is_written_is_read_again_however_it_is_cut(bool binary, string client, string to)
    {
        var from = IPEndPoint.Parse(client);
        var header = ProxyHeader.Write(binary, from, IPEndPoint.Parse(to));
        for (var cut = 0; cut < header.Length; cut++) Assert.Equal(ProxyHeaderStatus.NeedMore, ProxyHeader.Parse(header.AsSpan(0, cut), out _, out _));
        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeader.Parse([.. header, 1, 2, 3], out var length, out var read));
        Assert.Equal(header.Length, length);
        Assert.Equal((from.Address.MapToIPv6(), from.Port), (read!.Address.MapToIPv6(), read.Port));
    }

    [Fact]
    public void Binary_header_skips_extensions_and_a_local_one_names_nobody()
    {
        var header = ProxyHeader.Write(true, IPEndPoint.Parse("192.0.2.7:4711"), IPEndPoint.Parse("192.0.2.1:443"));
        header[15] += 5;
        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeader.Parse([.. header, 4, 0, 2, 9, 9], out var length, out var client));
        Assert.Equal((header.Length + 5, "192.0.2.7:4711"), (length, client!.ToString()));

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeader.Parse(ProxyHeader.OwnCheck(true), out _, out var nobody));
        Assert.Null(nobody);
    }

    [Theory]
    [InlineData(12, 0x31)] // another version
    [InlineData(12, 0x22)] // no such command
    [InlineData(13, 0x51)] // no such family
    [InlineData(14, 0xFF)] // 65 KiB of extensions
    [InlineData(15, 4)] // too short for its addresses
    [InlineData(3, 7)] // not the signature
    public void Malformed_binary_header_is_refused(int at, byte value)
    {
        var header = ProxyHeader.Write(true, IPEndPoint.Parse("192.0.2.7:4711"), IPEndPoint.Parse("192.0.2.1:443"));
        header[at] = value;
        Assert.Equal(ProxyHeaderStatus.Refused, ProxyHeader.Parse(header, out _, out _));
    }

    [Fact]
    public void Parser_survives_anything_and_never_claims_more_than_it_was_given()
    {
        var random = new Random(4711);
        byte[][] seeds =
        [
            ProxyHeader.Write(true, IPEndPoint.Parse("192.0.2.7:4711"), IPEndPoint.Parse("192.0.2.1:443")),
            ProxyHeader.Write(true, IPEndPoint.Parse("[2001:db8::7]:4711"), IPEndPoint.Parse("[2001:db8::1]:443")),
            ProxyHeader.Write(false, IPEndPoint.Parse("[2001:db8::7]:4711"), IPEndPoint.Parse("[2001:db8::1]:443")),
        ];
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = seeds[random.Next(seeds.Length)].ToArray();
            for (var j = random.Next(4); j >= 0; j--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes = bytes[..random.Next(bytes.Length + 1)];
            if (ProxyHeader.Parse(bytes, out var length, out _) == ProxyHeaderStatus.Complete) Assert.InRange(length, 1, bytes.Length);
        }
    }
}
