using System.Text;
using OpenCluster.Decisions.Routing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Routing;

public sealed class RouteTableTests
{
    [Theory]
    [InlineData("example.org", "/", "root")]
    [InlineData("EXAMPLE.org:8080", "/x", "root")]
    [InlineData("example.org.", "/x", "root")]
    [InlineData("example.org", "/api", "api")]
    [InlineData("example.org", "/api/", "api")]
    [InlineData("example.org", "/api/v1/users", "api")]
    [InlineData("example.org", "/apis", "root")]
    [InlineData("example.org", "/api/v2", "v2")]
    [InlineData("example.org", "/api/v2x", "api")]
    [InlineData("example.org", "/%61pi/v2/x", "v2")]
    [InlineData("example.org", "/private", null)]
    [InlineData("example.org", "/private/x", null)]
    [InlineData("example.org", "/%70rivate/x", null)]
    [InlineData("example.org", "/privateer", "root")]
    [InlineData("a.example.org", "/", "wild")]
    [InlineData("b.a.example.org", "/", null)]
    [InlineData("other.net", "/", null)]
    [InlineData("other.net", "/any/x", "any")]
    [InlineData("", "/any", "any")]
    public void Most_exact_host_then_longest_prefix_on_a_segment_wins(string host, string path, string? expected)
    {
        var table = new RouteTable<Named>([
            (new RouteMatch("example.org") { Except = ["/private"] }, Route("root")),
            (new RouteMatch("Example.org", "/api"), Route("api")),
            (new RouteMatch("example.org", "/api/v2/"), Route("v2")),
            (new RouteMatch("*.example.org"), Route("wild")),
            (new RouteMatch("*", "/any"), Route("any")),
        ]);
        Assert.Equal(expected, Find(table, host, path)?.Name);
    }

    [Theory]
    [InlineData("/api/x", 4)]
    [InlineData("/api", 4)]
    [InlineData("/%61pi/x", 6)]
    public void Strip_counts_the_bytes_of_the_prefix_as_sent(string path, int length)
    {
        var table = new RouteTable<Named>([(new RouteMatch("*", "/api") { Strip = true }, Route("api"))]);
        var bytes = Encoding.ASCII.GetBytes(path);
        Assert.Equal(length, PathText.EncodedLength(bytes, table.Find("a"u8, bytes, "GET"u8, new Header()).PrefixLength));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Random_tables_agree_with_a_plain_reading_of_the_rules(int seed)
    {
        var random = new Random(seed);
        string[] labels = ["a", "b", "c", "ab"];
        for (var run = 0; run < 200; run++)
        {
            var matches = Enumerable.Range(0, random.Next(1, 12)).Select(_ => new RouteMatch(Host(), RandomPath()) { Except = random.Next(3) == 0 ? [RandomPath()] : [] })
                .DistinctBy(m => (m.Host, m.Path.TrimEnd('/'))).Select((m, i) => (Match: m, Route: Route("r" + i))).ToArray();
            var table = new RouteTable<Named>(matches);
            for (var i = 0; i < 50; i++)
            {
                var (host, path) = (random.Next(2) == 0 ? "a.x" : "b.a.x", RandomPath());
                var expected = new[] { host, "*" + host[host.IndexOf('.')..], "*" }
                    .Select(h => matches.Where(m => m.Match.Host == h && Below(path, m.Match.Path) && !m.Match.Except.Any(e => Below(path, e))).OrderByDescending(m => m.Match.Path.TrimEnd('/').Length).FirstOrDefault().Route?.Name)
                    .FirstOrDefault(name => name is not null);
                Assert.Equal(expected, Find(table, host, path)?.Name);
            }
        }

        string Host() => random.Next(4) switch { 0 => "a.x", 1 => "*.x", 2 => "*.a.x", _ => "*" };
        string RandomPath() => "/" + string.Join('/', Enumerable.Range(0, random.Next(4)).Select(_ => labels[random.Next(labels.Length)])) + (random.Next(5) == 0 ? "/" : "");
        static bool Below(string path, string prefix) => (path.TrimEnd('/') + "/").StartsWith(prefix.TrimEnd('/') + "/", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "", "", "read")]
    [InlineData("HEAD", "", "", "read")]
    [InlineData("POST", "", "", "all")]
    [InlineData("POST", "X-Tenant", "joe", "joe")]
    [InlineData("POST", "x-tenant", "joe", "joe")]
    [InlineData("POST", "X-Tenant", "Joe", "all")]
    [InlineData("GET", "X-Tenant", "joe", "joe")]
    [InlineData("GET", "X-Preview", "", "preview")]
    [InlineData("DELETE", "X-Preview", "1", "preview")]
    public void At_one_place_what_asks_for_more_wins(string method, string header, string value, string expected)
    {
        var table = new RouteTable<Named>([
            (new RouteMatch("*", "/api"), Route("all")),
            (new RouteMatch("*", "/api") { Methods = ["GET", "HEAD"] }, Route("read")),
            (new RouteMatch("*", "/api") { Headers = [new HeaderMatch("X-Tenant", "joe")] }, Route("joe")),
            (new RouteMatch("*", "/api") { Headers = [new HeaderMatch("X-Preview")] }, Route("preview")),
        ]);
        Assert.Equal(expected, Find(table, "a", "/api/x", method, new Header(header, value))?.Name);
    }

    [Fact]
    public void What_a_longer_path_does_not_take_goes_to_the_next_shorter_and_then_to_the_next_host()
    {
        var table = new RouteTable<Named>([
            (new RouteMatch("a.x", "/api/v2") { Methods = ["PUT"] }, Route("put")),
            (new RouteMatch("a.x", "/api") { Methods = ["GET", "PUT"] }, Route("get")),
            (new RouteMatch("*.x", "/api/v2") { Methods = ["POST"] }, Route("post")),
            (new RouteMatch("*"), Route("rest")),
        ]);
        Assert.Equal(["put", "get", "post", "rest"], new[] { "PUT", "GET", "POST", "DELETE" }.Select(m => Find(table, "a.x", "/api/v2/y", m)?.Name));
    }

    [Fact]
    public void Ten_thousand_routes_cost_no_more_look_ups_than_ten()
    {
        var (ten, many) = (Table(10), Table(10_000));
        foreach (var (host, path) in new[] { ("h3.example.org", "/a/b/c"), ("other.h3.example.org", "/api/v3/users/7"), ("nobody.net", "/x/y/z"), ("", "/") })
            Assert.Equal(Steps(ten, host, path), Steps(many, host, path));

        static RouteTable<Named> Table(int routes) => new(Enumerable.Range(0, routes).SelectMany(i => new[]
        {
            (new RouteMatch($"h{i}.example.org"), Route("host")),
            (new RouteMatch($"*.h{i}.example.org", "/api"), Route("wild")),
            (new RouteMatch("*", $"/api/v{i % 10}/p{i}"), Route("path")),
        }));
        static int Steps(RouteTable<Named> table, string host, string path) =>
            table.Find(Encoding.ASCII.GetBytes(host), Encoding.ASCII.GetBytes(path), "GET"u8, new Header()).Steps;
    }

    private static Named? Find(RouteTable<Named> table, string host, string path, string method = "GET", Header header = default) =>
        table.Find(Encoding.ASCII.GetBytes(host), Encoding.ASCII.GetBytes(path), Encoding.ASCII.GetBytes(method), header).Route;

    private static Named Route(string name) => new(name);

    private sealed record Named(string Name);

    /// <summary>A request with one header, or none.</summary>
    private readonly record struct Header(string? Name = null, string Value = "") : IRequestFields
    {
        public bool TryFind(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            value = Encoding.UTF8.GetBytes(Value ?? "");
            return string.Equals(Encoding.ASCII.GetString(name), Name, StringComparison.OrdinalIgnoreCase);
        }
    }
}
