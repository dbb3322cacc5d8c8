namespace OpenCluster.Data.Tests.Commands;

public sealed class PubSubTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_message_reaches_those_who_listen_to_its_channel_or_to_a_pattern(int protocol)
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var listener = new DataClient(host.Port);
        using var speaker = new DataClient(host.Port);
        listener.Ask("hello", $"{protocol}");
        Assert.Equal("""["subscribe", "news", 1]""", listener.Ask("subscribe", "news").ToString());
        Assert.Equal("""["psubscribe", "n*", 2]""", listener.Ask("psubscribe", "n*").ToString());

        Assert.Equal(2, speaker.Ask("publish", "news", "hello").Integer);
        Assert.Equal("""["message", "news", "hello"]""", listener.Read().ToString());
        Assert.Equal("""["pmessage", "n*", "news", "hello"]""", listener.Read().ToString());
        Assert.Equal("""["news", 1]""", speaker.Ask("pubsub", "numsub", "news").ToString());

        Assert.Equal("""["unsubscribe", "news", 1]""", listener.Ask("unsubscribe").ToString());
        Assert.Equal(1, speaker.Ask("publish", "news", "again").Integer);
    }

    [Fact]
    public void Who_listens_in_RESP2_may_ask_for_little_else()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var listener = new DataClient(host.Port);
        listener.Ask("subscribe", "news");
        Assert.StartsWith("ERR Can't execute 'get'", listener.Ask("get", "k").Text, StringComparison.Ordinal);
        Assert.Equal("""["pong", ""]""", listener.Ask("ping").ToString());
        listener.Ask("unsubscribe");
        Assert.Equal("(nil)", listener.Ask("get", "k").ToString());
    }

    [Fact]
    public void Nobody_is_told_any_more_who_has_gone()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var speaker = new DataClient(host.Port);
        using (var listener = new DataClient(host.Port)) listener.Ask("subscribe", "news");
        Waiting.Until(() => speaker.Ask("publish", "news", "hello").Integer == 0);
        Assert.Equal("[]", speaker.Ask("pubsub", "channels").ToString());
    }

    [Fact]
    public void Keyspace_events_tell_what_happened_to_keys()
    {
        using var host = DataHost.Start(new DataOptions { Port = 0 }, TimeProvider.System, _ => { });
        using var listener = new DataClient(host.Port);
        using var writer = new DataClient(host.Port);
        writer.Ask("config", "set", "notify-keyspace-events", "KEA");
        listener.Ask("psubscribe", "__key*__:*");
        writer.Ask("set", "k", "v", "px", "1");
        string[] expected =
        [
            "__keyspace@0__:k set", "__keyevent@0__:set k", "__keyspace@0__:k expire", "__keyevent@0__:expire k", "__keyspace@0__:k expired", "__keyevent@0__:expired k",
        ];
        Assert.Equal(expected, Enumerable.Range(0, 6).Select(_ => listener.Read()).Select(m => $"{m.Items[2].Text} {m.Items[3].Text}"));
    }
}
