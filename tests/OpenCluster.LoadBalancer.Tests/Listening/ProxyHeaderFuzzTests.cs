using System.Net;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Listening;

/// <summary>PROXY headers that nobody would send. A seed that fails stands in the message, and fails again.</summary>
public sealed class ProxyHeaderFuzzTests
{
    private static readonly IPEndPoint Client = IPEndPoint.Parse("192.0.2.7:4711"), Client6 = IPEndPoint.Parse("[2001:db8::7]:4711"), To = IPEndPoint.Parse("192.0.2.1:443"), To6 = IPEndPoint.Parse("[2001:db8::1]:443");

    private static readonly byte[][] Headers =
    [
        ProxyHeader.Write(binary: false, Client, To), ProxyHeader.Write(binary: false, Client6, To6), ProxyHeader.Write(binary: true, Client, To), ProxyHeader.Write(binary: true, Client6, To6),
        ProxyHeader.OwnCheck(binary: false), ProxyHeader.OwnCheck(binary: true),
    ];

    [Fact]
    public void Headers_are_read_the_same_in_one_piece_and_in_many_and_end_within_their_bound()
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. Mutation.Of(Headers[random.Next(Headers.Length)], random, "\r\n \0:.\x0d\x21\x11\x22\xff"), .. "GET / HTTP/1.1\r\n\r\n"u8];
            var status = ProxyHeader.Parse(bytes, out var length, out var client);
            var (last, lastLength, lastClient) = (ProxyHeaderStatus.NeedMore, 0, default(IPEndPoint));
            for (var cut = 1; last == ProxyHeaderStatus.NeedMore && cut <= bytes.Length; cut++) last = ProxyHeader.Parse(bytes.AsSpan(0, cut), out lastLength, out lastClient);
            Assert.True(status == last, $"seed {seed}: {status} whole, {last} in pieces");
            if (status != ProxyHeaderStatus.Complete) continue;
            Assert.True((length, client?.ToString()) == (lastLength, lastClient?.ToString()), $"seed {seed}: {length} {client} whole, {lastLength} {lastClient} in pieces");
            Assert.True(length is > 0 and <= ProxyHeader.MaxBytes && length <= bytes.Length, $"seed {seed}: {length} bytes");
        }
    }

    [Fact]
    public void What_never_ends_is_refused_within_the_bound()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[ProxyHeader.MaxBytes + 1];
            random.NextBytes(bytes);
            // Half of them begin well, and announce more than they may have.
            if (seed % 2 == 0) Headers[2][..13].CopyTo(bytes, 0);
            Assert.True(ProxyHeader.Parse(bytes, out _, out _) != ProxyHeaderStatus.NeedMore, $"seed {seed}");
        }
    }
}
