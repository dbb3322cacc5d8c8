using System.Buffers.Binary;
using System.Text;
using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Relaying;

public sealed class ClientHelloTests
{
    [Fact]
    public async Task Host_that_a_real_client_asks_for_is_found_however_its_message_is_cut()
    {
        var hello = await RecordedHello.OfAsync("Partner.Example.Org");
        for (var cut = 0; cut < hello.Length; cut++) Assert.Equal(HelloStatus.NeedMore, ClientHello.Parse(hello.AsSpan(0, cut), out _));
        Assert.Equal((HelloStatus.Complete, "partner.example.org"), (ClientHello.Parse(hello, out var host), host));
    }

    [Fact]
    public async Task Message_spread_over_many_records_is_joined()
    {
        var hello = await RecordedHello.OfAsync("one.example.org");
        var spread = new List<byte>();
        foreach (var piece in hello[5..].Chunk(7)) spread.AddRange([22, 3, 1, 0, (byte)piece.Length, .. piece]);
        Assert.Equal((HelloStatus.Complete, "one.example.org"), (ClientHello.Parse([.. spread], out var host), host));
    }

    [Fact]
    public void Client_that_names_no_host_has_an_empty_one() =>
        Assert.Equal((HelloStatus.Complete, ""), (ClientHello.Parse(Made([]), out var host), host));

    [Theory]
    [InlineData("a.example.org", "a.example.org")]
    [InlineData("a.example.org.", "a.example.org")]
    [InlineData("A_b-1.org", "a_b-1.org")]
    public void Host_is_told_in_lower_case_without_a_final_dot(string asked, string told) =>
        Assert.Equal((HelloStatus.Complete, told), (ClientHello.Parse(Made(Name(asked)), out var host), host));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("*.example.org")]
    [InlineData("bücher.example")]
    public void Host_that_is_none_is_refused(string asked) => Assert.Equal(HelloStatus.Refused, ClientHello.Parse(Made(Name(asked)), out _));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\u0016\u0002")]
    [InlineData("\u0017\u0003\u0001\0\u0005")]
    [InlineData("\u0016\u0003\u0001\0\0")]
    [InlineData("\u0016\u0003\u0001\0\u0004\u0002\0\0\0")]
    public void What_is_no_hello_is_refused_at_its_first_wrong_byte(string text) =>
        Assert.Equal(HelloStatus.Refused, ClientHello.Parse(Encoding.Latin1.GetBytes(text), out _));

    [Fact]
    public void Message_beyond_the_bound_is_refused_before_it_has_come() =>
        Assert.Equal(HelloStatus.Refused, ClientHello.Parse([22, 3, 1, 0, 4, 1, 0, 0xFF, 0xFF], out _));

    [Fact]
    public async Task Parser_survives_anything()
    {
        var hello = await RecordedHello.OfAsync("partner.example.org");
        var random = new Random(815);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = hello.ToArray();
            for (var j = random.Next(6); j >= 0; j--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            ClientHello.Parse(bytes.AsSpan(0, random.Next(bytes.Length + 1)), out var host);
            Assert.True(host.Length <= 255 && host.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.' or '_'), host);
        }
    }

    private static byte[] Name(string host)
    {
        var name = Encoding.UTF8.GetBytes(host);
        var extension = new byte[9 + name.Length];
        BinaryPrimitives.WriteUInt16BigEndian(extension.AsSpan(2), (ushort)(5 + name.Length));
        BinaryPrimitives.WriteUInt16BigEndian(extension.AsSpan(4), (ushort)(3 + name.Length));
        BinaryPrimitives.WriteUInt16BigEndian(extension.AsSpan(7), (ushort)name.Length);
        name.CopyTo(extension.AsSpan(9));
        return extension;
    }

    /// <summary>A hello with one cipher suite and these extensions.</summary>
    private static byte[] Made(byte[] extensions)
    {
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 0x01, 1, 0, (byte)(extensions.Length >> 8), (byte)extensions.Length, .. extensions];
        byte[] message = [1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];
        return [22, 3, 1, (byte)(message.Length >> 8), (byte)message.Length, .. message];
    }
}
