using System.Net;
using System.Net.Sockets;

namespace OpenCluster.Data.Tests.Server;

public sealed class HostileTests
{
    [Fact]
    public void Who_does_not_fetch_his_answers_is_not_served_more_until_he_does()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var greedy = new DataClient(host.Port);
        using var other = new DataClient(host.Port);
        var value = new string('v', 4 * 1024 * 1024);
        greedy.Ask("set", "big", value);
        // A gigabyte of answers to a few kilobytes of questions.
        for (var i = 0; i < 256; i++) greedy.Send("get", "big");
        Assert.Equal("\"PONG\"", other.Ask("ping").ToString());
        var processed = Processed(other);
        Assert.True(processed < 250, $"{processed} commands were carried out for who fetches nothing.");
        for (var i = 0; i < 20; i++) Assert.Equal(value.Length, greedy.Read().Bytes.Length);
    }

    [Fact]
    public void What_is_no_command_ends_its_connection_and_nothing_else()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var other = new DataClient(host.Port);
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            // Every third begins as a command should, and goes wrong behind.
            if (i % 3 == 0 && bytes.Length > 16) "*3\r\n$3\r\nSET\r\n$"u8.CopyTo(bytes);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, host.Port);
            socket.Send(bytes);
        }
        Assert.Equal("\"PONG\"", other.Ask("ping").ToString());
    }

    [Theory]
    [InlineData("*1000000000\r\n", "ERR Protocol error: invalid multibulk length")]
    [InlineData("*2\r\n$3\r\nGET\r\n$1000000000\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("*1\r\n!3\r\nGET\r\n", "ERR Protocol error: expected '$', got '!'")]
    public void What_is_too_much_is_refused_as_soon_as_it_is_declared(string said, string answer)
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var client = new DataClient(host.Port);
        client.SendRaw(System.Text.Encoding.ASCII.GetBytes(said));
        Assert.Equal(answer, client.Read().Text);
        Assert.Null(client.TryRead());
    }

    [Fact]
    public void A_client_who_is_ended_by_another_is_gone_at_once()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var victim = new DataClient(host.Port);
        using var other = new DataClient(host.Port);
        var id = victim.Ask("client", "id").Integer;
        Assert.Equal(1, other.Ask("client", "kill", "id", $"{id}").Integer);
        Assert.Null(victim.TryRead());
        Waiting.Until(() => !other.Ask("client", "list").Text.Contains($"id={id} ", StringComparison.Ordinal));
    }

    private static long Processed(DataClient client) =>
        long.Parse(client.Ask("info", "stats").Text.Split("total_commands_processed:")[1].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
}
