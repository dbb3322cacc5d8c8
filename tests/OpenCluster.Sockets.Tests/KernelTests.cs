using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenCluster.Sockets.Tests;

public sealed class KernelTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void An_accepted_socket_knows_its_peer_does_not_block_and_inherits_no_delay()
    {
        using var pair = new Pair();
        Assert.Equal(pair.Far.LocalEndPoint, pair.Peer);
        Assert.Equal(Kernel.WouldBlock, Kernel.Receive(pair.Near, new byte[1]));
        using var near = new Socket(new SafeSocketHandle(pair.Near, ownsHandle: false));
        Assert.True(near.NoDelay);
    }

    [Fact]
    public void Bytes_go_both_ways_and_looking_takes_none()
    {
        using var pair = new Pair();
        Assert.Equal(4, Kernel.Send(pair.Near, "ping"u8));
        var got = new byte[8];
        Assert.Equal("ping", Encoding.ASCII.GetString(got, 0, pair.Far.Receive(got)));
        Assert.False(Kernel.HasInput(pair.Near));
        pair.FarSends("pong");
        Assert.True(SpinWait.SpinUntil(() => Kernel.HasInput(pair.Near), Long));
        Assert.Equal(4, Kernel.Receive(pair.Near, got));
        Assert.Equal("pong"u8, got.AsSpan(0, 4));
    }

    [Fact]
    public void A_send_takes_what_fits_and_then_says_that_it_would_block()
    {
        using var pair = new Pair();
        var much = new byte[1 << 20];
        int sent;
        while ((sent = Kernel.Send(pair.Near, much)) > 0)
        {
        }
        Assert.Equal(Kernel.WouldBlock, sent);
    }

    [Fact]
    public void An_ended_direction_is_the_end_for_the_other_side_only()
    {
        using var pair = new Pair();
        Assert.Equal(0, Kernel.EndSending(pair.Near));
        Assert.Equal(0, pair.Far.Receive(new byte[1]));
        pair.FarSends("x");
        Assert.True(SpinWait.SpinUntil(() => Kernel.Receive(pair.Near, new byte[1]) == 1, Long));
    }

    [Fact]
    public void A_socket_made_to_reset_resets_when_it_is_closed()
    {
        using var pair = new Pair();
        Kernel.SetReset(pair.Near);
        Kernel.Close(pair.Near);
        var lost = Assert.Throws<SocketException>(() => pair.Far.Receive(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, lost.SocketErrorCode);
    }

    [Fact]
    public void Connecting_goes_on_in_the_background_and_then_says_that_it_is_done()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var to = listener.LocalEndPoint!.Serialize();
        var made = Kernel.Socket(AddressFamily.InterNetwork);
        Assert.True(Kernel.Connect(made, to) is 0 or Kernel.InProgress);
        Assert.True(SpinWait.SpinUntil(() => Kernel.Connect(made, to) is Kernel.IsConnected, Long));
        Kernel.Close(made);
    }

    [Fact]
    public void A_file_is_sent_from_any_place_in_it_up_to_its_end()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(path, "0123456789");
        using var pair = new Pair();
        using (var file = File.OpenHandle(path, options: FileOptions.DeleteOnClose))
        {
            Assert.True(Kernel.IsInMemory(file, 9));
            Assert.Equal(3, Kernel.SendFile(pair.Near, file, 7, 100));
            Assert.Equal(0, Kernel.SendFile(pair.Near, file, 10, 100));
        }
        var got = new byte[8];
        Assert.Equal("789", Encoding.ASCII.GetString(got, 0, pair.Far.Receive(got)));
    }

    [Fact]
    public void The_limits_of_the_process_are_known()
    {
        Assert.InRange(Kernel.Processors(), 1, Environment.ProcessorCount);
        Assert.True(Kernel.OpenFiles() > 0);
    }
}
