using OpenCluster.LoadBalancer.Relaying;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Relaying;

/// <summary>First messages of TLS that nobody would send. A seed that fails stands in the message, and fails again.</summary>
public sealed class ClientHelloFuzzTests
{
    [Fact]
    public async Task Hellos_are_read_the_same_in_one_piece_and_in_many_and_name_a_host_or_none()
    {
        byte[][] hellos = [await RecordedHello.OfAsync("partner.example.org"), await RecordedHello.OfAsync("a"), await RecordedHello.OfAsync(new string('x', 60) + ".example.org")];
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var bytes = Mutation.Of(hellos[random.Next(hellos.Length)], random, "\0\x01\x03\x16\xff\x05");
            var status = ClientHello.Parse(bytes, out var host);
            var (last, lastHost) = (HelloStatus.NeedMore, "");
            for (var length = 0; last == HelloStatus.NeedMore && length < bytes.Length;)
            {
                length = Math.Min(bytes.Length, length + random.Next(1, 60));
                last = ClientHello.Parse(bytes.AsSpan(0, length), out lastHost);
            }
            Assert.True(status == last, $"seed {seed}: {status} whole, {last} in pieces");
            if (status != HelloStatus.Complete) continue;
            Assert.True(host == lastHost, $"seed {seed}: {host} whole, {lastHost} in pieces");
            Assert.True(host.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_'), $"seed {seed}: {host}");
        }
    }

    [Fact]
    public void What_never_ends_is_refused_within_the_bound()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[ClientHello.MaxBytes + 1];
            // Records that go on and on, of which each says that the message is longer still.
            for (var at = 0; at < bytes.Length;)
            {
                var length = random.Next(1, 200);
                byte[] record = [22, 3, 1, 0, (byte)length, .. at == 0 ? [1, 0, 0xff, 0xff] : Array.Empty<byte>(), .. new byte[length]];
                record.AsSpan(0, Math.Min(record.Length, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                at += 5 + length;
            }
            Assert.True(ClientHello.Parse(bytes, out _) == HelloStatus.Refused, $"seed {seed}");
        }
    }
}
