using System.Text;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Hpack;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>Field blocks and frames that nobody would send. A seed that fails stands in the message, and fails again.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Blocks =
    [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        "3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "20400a637573746f6d2d6b65790d637573746f6d2d68656164657210047061746800",
    ];

    [Fact]
    public void Decoder_of_field_blocks_never_throws_and_keeps_to_its_table()
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var decoder = new HpackDecoder();
            var fields = new Counting();
            for (var block = 0; block < 4; block++)
            {
                var bytes = Convert.FromHexString(Blocks[random.Next(Blocks.Length)]);
                if (seed % 4 == 0) random.NextBytes(bytes);
                for (var change = random.Next(4); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                if (!decoder.TryDecode(bytes.AsSpan(0, random.Next(bytes.Length + 1)), fields)) break;
            }
            // The longest field there can be is one of the table, and each byte names one at most.
            Assert.True(fields.Bytes < 4 * 64 * 8192, $"seed {seed}: {fields.Bytes} bytes");
        }
    }

    [Fact]
    public void Whatever_is_encoded_is_decoded_the_same_over_many_blocks_and_changes_of_the_table()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var (encoder, decoder) = (new HpackEncoder(), new HpackDecoder());
            for (var block = 0; block < 50; block++)
            {
                if (random.Next(10) == 0) encoder.Allow((uint)random.Next(5000));
                var fields = Enumerable.Range(0, random.Next(12)).Select(_ => (Name: Text(random, "abcdefgh-", 1, 20), Value: Text(random, "aB3 %/=;é\u0001\u007f", 0, random.Next(5) == 0 ? 3000 : 40))).ToList();
                var bytes = new byte[64 + fields.Sum(f => f.Name.Length + f.Value.Length + HpackEncoder.Overhead)];
                var length = encoder.Begin(bytes);
                foreach (var (name, value) in fields)
                    length += encoder.Encode(bytes.AsSpan(length), Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value), isSecret: random.Next(4) == 0);
                var decoded = new Counting();
                Assert.True(decoder.TryDecode(bytes.AsSpan(0, length), decoded), $"seed {seed}, block {block}");
                Assert.Equal(fields, decoded.Fields);
            }
        }
    }

    [Fact]
    public async Task Frames_in_disorder_end_their_connection_at_most_and_leave_nothing_behind()
    {
        await using var target = new RawTarget(async request => await request.AnswerAsync(200, new string('x', request.Target.Length * 1000)));
        await using var balancer = await TestBalancer.StartAsync(target);
        using var other = await RawHttp2.OpenAsync(balancer.Port);
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            using var client = await RawHttp2.OpenAsync(balancer.Port, (SettingId.InitialWindowSize, (uint)random.Next(100_000)));
            for (var burst = 0; burst < 10; burst++) await client.TrySendAsync([.. Enumerable.Range(0, 20).Select(_ => Frame(random))]);
            await other.SendAsync(RawHttp2.Get(2 * seed + 1), RawHttp2.Window(0, 1000));
            Assert.True((await other.AnswerAsync(2 * seed + 1)).Status == 200, $"seed {seed}");
        }
        await Until.TrueAsync(() => balancer.Balancer.Stages.Connections.Count == 1, "all connections but one ended");
        await Until.TrueAsync(() => balancer.Report("t0").InFlight == 0, "no request is left");
    }

    private static byte[] Frame(Random random)
    {
        var id = random.Next(12);
        var frame = random.Next(12) switch
        {
            0 or 1 => RawHttp2.Get(id, "/" + new string('a', random.Next(60))),
            2 => RawHttp2.Post(id),
            3 => RawHttp2.Data(id, new string('d', random.Next(300)), random.Next(2) == 0),
            4 => RawHttp2.Reset(id, (ErrorCode)random.Next(16)),
            5 => RawHttp2.Window(random.Next(3) == 0 ? 0 : id, (uint)random.Next(random.Next(2) == 0 ? 100_000 : int.MaxValue)),
            6 => RawHttp2.Settings(((SettingId)random.Next(10), (uint)random.Next(random.Next(2) == 0 ? 3 : int.MaxValue))),
            7 => RawHttp2.Head(id, random.Next(2) == 0, ("x-trail", "1")),
            8 => RawHttp2.Frame(FrameType.Continuation, (FrameFlags)random.Next(256), id, RawHttp2.Block(("x-more", "1"))),
            9 => RawHttp2.Frame(FrameType.Headers, (FrameFlags)random.Next(256), id, RawHttp2.Block(RawHttp2.Request())),
            10 => RawHttp2.Frame((FrameType)random.Next(16), (FrameFlags)random.Next(256), id, new byte[random.Next(20)]),
            _ => RawHttp2.Frame(FrameType.Ping, FrameFlags.None, 0, new byte[8]),
        };
        if (random.Next(40) == 0) frame[random.Next(frame.Length)] = (byte)random.Next(256);
        return frame;
    }

    private static string Text(Random random, string letters, int least, int most) =>
        new([.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => letters[random.Next(letters.Length)])]);

    private sealed class Counting : IFieldSink
    {
        public long Bytes { get; private set; }
        public List<(string Name, string Value)> Fields { get; } = [];

        public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            Bytes += name.Length + value.Length;
            if (Fields.Count < 1000) Fields.Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));
        }
    }
}
