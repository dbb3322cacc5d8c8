using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Tests.Spaces;

/// <summary>Two tenants on one server, who cannot name, count, see or end anything of each other's; and the limits of each.</summary>
public sealed class SpaceTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Nobody_reaches_the_keys_clients_or_channels_of_another_space()
    {
        using var host = Start(SpaceJson.Document(SpaceJson.Space("shop", "", SpaceJson.User("shop", "a")), SpaceJson.Space("blog", "", SpaceJson.User("blog", "b"))));
        using var shop = Client(host, "shop", "a");
        using var blog = Client(host, "blog", "b");
        shop.Ask("set", "k", "shop's");
        Assert.Equal("(nil)", blog.Ask("get", "k").ToString());
        Assert.Equal(0, blog.Ask("dbsize").Integer);
        blog.Ask("flushall");
        Assert.Equal("\"shop's\"", shop.Ask("get", "k").ToString());
        Assert.DoesNotContain("user=shop", blog.Ask("client", "list").Text, StringComparison.Ordinal);
        Assert.Equal(0, blog.Ask("client", "kill", "id", $"{shop.Ask("client", "id").Integer}").Integer);
        shop.Ask("subscribe", "news");
        Assert.Equal(0, blog.Ask("publish", "news", "x").Integer);
        Assert.Equal("""["blog"]""", blog.Ask("acl", "users").ToString());
        Assert.StartsWith("ERR users are not changed by clients", blog.Ask("acl", "setuser", "x").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_does_not_say_who_he_is_may_do_nothing()
    {
        using var host = Start(SpaceJson.Document(SpaceJson.Space("shop", "", SpaceJson.User("shop", "a"), SpaceJson.User("reader", "r", ", \"read-only\": true"))));
        using var client = new DataClient(host.Port);
        Assert.Equal("NOAUTH Authentication required.", client.Ask("get", "k").Text);
        Assert.StartsWith("WRONGPASS", client.Ask("auth", "shop", "b").Text, StringComparison.Ordinal);
        Assert.StartsWith("WRONGPASS", client.Ask("auth", "a").Text, StringComparison.Ordinal);
        Assert.Equal("OK", client.Ask("auth", "reader", "r").Text);
        Assert.StartsWith("NOPERM", client.Ask("set", "k", "v").Text, StringComparison.Ordinal);
        Assert.StartsWith("NOPERM", client.Ask("bgsave").Text, StringComparison.Ordinal);
        Assert.Equal("(nil)", client.Ask("get", "k").ToString());
    }

    [Fact]
    public void Each_limit_has_its_own_error_and_what_frees_room_is_never_refused()
    {
        using var host = Start(SpaceJson.Document(SpaceJson.Space("shop", "\"memory-bytes\": 200000, \"keys\": 3, \"connections\": 1,", SpaceJson.User("shop", "a"))));
        using var shop = Client(host, "shop", "a");
        for (var i = 0; i < 3; i++) Assert.Equal("OK", shop.Ask("set", $"k{i}", "v").Text);
        Assert.StartsWith("OOM command not allowed: space shop holds its 3 keys", shop.Ask("set", "k3", "v").Text, StringComparison.Ordinal);
        Assert.Equal(1, shop.Ask("del", "k2").Integer);
        shop.Ask("set", "big", new string('v', 300_000));
        Assert.StartsWith("OOM command not allowed when used memory > 'maxmemory': space shop", shop.Ask("append", "k0", "v").Text, StringComparison.Ordinal);
        Assert.Equal(1, shop.Ask("del", "big").Integer);
        Assert.Equal(2, shop.Ask("append", "k0", "v").Integer);
        using var second = new DataClient(host.Port);
        Assert.StartsWith("ERR max number of clients reached: space shop", second.Ask("auth", "shop", "a").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_commands_in_a_second_are_refused_until_the_next()
    {
        using var host = Start(SpaceJson.Document(SpaceJson.Space("shop", "\"operations-per-second\": 50,", SpaceJson.User("shop", "a"))));
        using var shop = Client(host, "shop", "a");
        for (var i = 0; i < 1000; i++) shop.Send("ping");
        var refused = Enumerable.Range(0, 1000).Select(_ => shop.Read()).Where(r => r.IsError).ToList();
        Assert.InRange(refused.Count, 1, 950);
        Assert.StartsWith("LIMIT space shop runs 50 commands a second", refused[0].Text, StringComparison.Ordinal);
        Waiting.Until(() => !shop.Ask("ping").IsError);
    }

    [Fact]
    public void A_file_with_mistakes_is_refused_with_all_of_them()
    {
        var wrong = Assert.Throws<SpacesFileException>(() => Start("""{"spaces": {"shop": {"keys": -1, "users": {"u": {"password-sha256": "secret"}}}, "blog": {"users": {"u": {}}}}}"""));
        Assert.Contains("below 0", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("64 hexadecimal digits", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("stands in 2 spaces", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_read_again_ends_those_who_stand_in_it_no_more()
    {
        using var host = Start(SpaceJson.Document(SpaceJson.Space("shop", "", SpaceJson.User("shop", "a"), SpaceJson.User("gone", "g"))));
        using var shop = Client(host, "shop", "a");
        using var gone = Client(host, "gone", "g");
        shop.Ask("set", "k", "v");
        Write(SpaceJson.Document(SpaceJson.Space("shop", "\"keys\": 1,", SpaceJson.User("shop", "a"))));
        host.ReadSpacesAgain();
        Assert.Null(gone.TryRead());
        Assert.StartsWith("OOM", shop.Ask("set", "k2", "v").Text, StringComparison.Ordinal);
    }

    private void Write(string json) => System.IO.File.WriteAllText(Path.Combine(directory.Path, "spaces.json"), json);

    private DataHost Start(string json)
    {
        Write(json);
        return DataHost.Start(new DataOptions { Port = 0, Spaces = Path.Combine(directory.Path, "spaces.json") }, TimeProvider.System, _ => { });
    }

    private static DataClient Client(DataHost host, string user, string password)
    {
        var client = new DataClient(host.Port);
        Assert.Equal("OK", client.Ask("auth", user, password).Text);
        return client;
    }
}
