using System.Net;

namespace OpenCluster.Sockets.Tests;

public sealed class PeerAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 80)]
    [InlineData("203.0.113.7", 65535)]
    [InlineData("::1", 443)]
    [InlineData("2001:db8::42", 1)]
    [InlineData("fe80::1%3", 8080)]
    [InlineData("::ffff:192.0.2.1", 8080)]
    public void An_address_is_read_as_the_kernel_writes_it(string address, int port)
    {
        var expected = new IPEndPoint(IPAddress.Parse(address), port);
        var bytes = new byte[PeerAddress.Bytes];
        var written = expected.Serialize();
        written.Buffer.Span[..written.Size].CopyTo(bytes);
        Assert.Equal(expected, PeerAddress.Read(bytes));
    }
}
