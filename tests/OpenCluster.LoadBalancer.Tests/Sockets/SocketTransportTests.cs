using System.Net;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Tests.Sockets;

public sealed class SocketTransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_byte_arrives_both_ways_at_once_whatever_the_pieces(int seed)
    {
        var (one, other) = await PairAsync();
        using (one)
        using (other)
        {
            // Pieces of random size on buffers of random size, from threads of the pool: a wake-up lost between a call and its wait would hang here.
            await Task.WhenAll(SendAsync(one, seed), ReceiveAsync(other, seed), SendAsync(other, seed + 100), ReceiveAsync(one, seed + 100)).WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_thousand_short_exchanges_over_many_connections_never_hang()
    {
        var pairs = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PairAsync()));
        await Task.WhenAll(pairs.Select(pair => Task.WhenAll(AskAsync(pair.One), EchoAsync(pair.Other)))).WaitAsync(Patience, TestContext.Current.CancellationToken);

        static async Task AskAsync(SocketTransport transport)
        {
            var buffer = new byte[16];
            for (var i = 0; i < 1000; i++)
            {
                // Armed before it sends, as requests are.
                var answer = transport.ReceiveAsync(buffer);
                await transport.SendAsync(new byte[] { (byte)i });
                Assert.Equal(1, await answer);
                Assert.Equal((byte)i, buffer[0]);
            }
            transport.EndSending();
            Assert.Equal(0, await transport.ReceiveAsync(buffer));
            transport.Dispose();
        }

        static async Task EchoAsync(SocketTransport transport)
        {
            var buffer = new byte[16];
            while (await transport.ReceiveAsync(buffer) is var count and > 0) await transport.SendAsync(buffer.AsMemory(0, count));
            transport.Dispose();
        }
    }

    [Fact]
    public async Task End_that_came_together_with_the_last_bytes_is_seen_after_them()
    {
        var (one, other) = await PairAsync();
        using (other)
        {
            var waiting = other.ReceiveAsync(new byte[100]);
            await one.SendAsync("last"u8.ToArray());
            one.Dispose();
            Assert.Equal(4, await waiting);
            Assert.Equal(0, await other.ReceiveAsync(new byte[100]).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Closing_fails_what_waits_and_what_comes_after()
    {
        var (one, other) = await PairAsync();
        using (other)
        {
            var receiving = one.ReceiveAsync(new byte[10]);
            var sending = SendUntilFullAsync(one);
            one.Dispose();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => receiving.AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => sending.WaitAsync(Patience, TestContext.Current.CancellationToken));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => one.ReceiveAsync(new byte[10]).AsTask());
            await Assert.ThrowsAsync<ObjectDisposedException>(() => one.SendAsync(new byte[10]).AsTask());
            one.Dispose();
        }

        static async Task SendUntilFullAsync(SocketTransport transport)
        {
            while (true) await transport.SendAsync(new byte[1 << 20]);
        }
    }

    [Fact]
    public async Task Abort_is_a_reset_for_the_other_side()
    {
        var (one, other) = await PairAsync();
        using (other)
        {
            one.Abort();
            var lost = await Assert.ThrowsAsync<SocketException>(() => other.ReceiveAsync(new byte[10]).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
            Assert.Equal(SocketError.ConnectionReset, lost.SocketErrorCode);
        }
    }

    [Fact]
    public async Task Where_nobody_listens_opening_says_so()
    {
        using var transport = new SocketTransport(new IPEndPoint(IPAddress.Loopback, Support.TestBalancer.FreePort()));
        var refused = await Assert.ThrowsAsync<SocketException>(() => transport.OpenAsync().AsTask());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task Input_is_known_without_taking_it()
    {
        var (one, other) = await PairAsync();
        using (one)
        using (other)
        {
            Assert.False(other.HasInput);
            await one.SendAsync(new byte[1]);
            await Support.Until.TrueAsync(() => other.HasInput, "the byte has come");
            Assert.Equal(1, await other.ReceiveAsync(new byte[10]));
            Assert.False(other.HasInput);
        }
    }

    private static async Task SendAsync(SocketTransport to, int seed)
    {
        var random = new Random(seed);
        var next = 0;
        for (var i = 0; i < 300; i++)
        {
            var piece = new byte[random.Next(1, random.Next(2) == 0 ? 20 : 300_000)];
            for (var j = 0; j < piece.Length; j++) piece[j] = (byte)next++;
            await to.SendAsync(piece).ConfigureAwait(false);
            if (random.Next(3) == 0) await Task.Yield();
        }
        to.EndSending();
    }

    private static async Task ReceiveAsync(SocketTransport from, int seed)
    {
        var random = new Random(seed);
        var expected = 0;
        while (true)
        {
            var buffer = new byte[random.Next(1, random.Next(2) == 0 ? 20 : 200_000)];
            var count = await from.ReceiveAsync(buffer).ConfigureAwait(false);
            if (count == 0) break;
            for (var i = 0; i < count; i++)
                if (buffer[i] != (byte)expected++) Assert.Fail($"byte {expected - 1} is {buffer[i]}");
            if (random.Next(3) == 0) await Task.Yield();
        }
    }

    private static async Task<(SocketTransport One, SocketTransport Other)> PairAsync()
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        var accepted = new TaskCompletionSource<SocketTransport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var acceptor = new Acceptor(listening, (transport, _) => accepted.TrySetResult(transport), TimeProvider.System);
        acceptor.Start();
        var one = new SocketTransport((IPEndPoint)listening.LocalEndPoint!);
        await one.OpenAsync();
        var other = await accepted.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        acceptor.Stop();
        return (one, other);
    }
}
