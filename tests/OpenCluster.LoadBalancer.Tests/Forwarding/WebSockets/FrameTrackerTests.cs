using OpenCluster.LoadBalancer.Forwarding.WebSockets;

namespace OpenCluster.LoadBalancer.Tests.Forwarding.WebSockets;

public sealed class FrameTrackerTests
{
    [Fact]
    public void Ends_of_frames_are_found_however_they_are_cut()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var (bytes, ends) = (new List<byte>(), new HashSet<int> { 0 });
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                bytes.AddRange(Frame(opcode: random.Next(3), random.Next(3) switch { 0 => random.Next(126), 1 => random.Next(126, 1000), _ => 66_000 }, masked: random.Next(2) == 0));
                ends.Add(bytes.Count);
            }
            var tracker = new FrameTracker();
            for (var at = 0; at < bytes.Count;)
            {
                Assert.True(tracker.IsBetween == ends.Contains(at), $"seed {seed}, byte {at}");
                var piece = Math.Min(random.Next(1, random.Next(2) == 0 ? 5 : 5000), bytes.Count - at);
                tracker.Follow(bytes.Slice(at, piece).ToArray());
                at += piece;
            }
            Assert.True(tracker is { IsBetween: true, HasClosed: false }, $"seed {seed}");
            tracker.Follow(Frame(opcode: 8, 2, masked: true));
            Assert.True(tracker.HasClosed);
        }
    }

    private static byte[] Frame(int opcode, int length, bool masked) =>
    [
        (byte)(0x80 | opcode),
        .. Length(length, masked ? (byte)0x80 : (byte)0),
        .. new byte[masked ? 4 : 0],
        .. new byte[length],
    ];

    private static byte[] Length(int length, byte mask) => length switch
    {
        < 126 => [(byte)(mask | length)],
        <= 65_535 => [(byte)(mask | 126), (byte)(length >> 8), (byte)length],
        _ => [(byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length],
    };
}
