using System.Text;
using OpenCluster.LoadBalancer.Balancing;
using OpenCluster.LoadBalancer.Routing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Routing;

public sealed class RoutingTableTests : IDisposable
{
    private readonly TimeKeeper _keeper = new(TimeProvider.System);

    public void Dispose() => _keeper.Dispose();

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
        var table = new RoutingTable([
            (new RouteMatch("example.org") { Except = ["/private"] }, Route("root")),
            (new RouteMatch("Example.org", "/api"), Route("api")),
            (new RouteMatch("example.org", "/api/v2/"), Route("v2")),
            (new RouteMatch("*.example.org"), Route("wild")),
            (new RouteMatch("*", "/any"), Route("any")),
        ]);
        Assert.Equal(expected, table.Find(Encoding.ASCII.GetBytes(host), Encoding.ASCII.GetBytes(path)).Route?.Name);
    }

    [Theory]
    [InlineData("/api/x", 4)]
    [InlineData("/api", 4)]
    [InlineData("/%61pi/x", 6)]
    public void Strip_counts_the_bytes_of_the_prefix_as_sent(string path, int length)
    {
        var table = new RoutingTable([(new RouteMatch("*", "/api") { Strip = true }, Route("api"))]);
        Assert.Equal(length, table.Find("a"u8, Encoding.ASCII.GetBytes(path)).StripLength);
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
            var table = new RoutingTable(matches);
            for (var i = 0; i < 50; i++)
            {
                var (host, path) = (random.Next(2) == 0 ? "a.x" : "b.a.x", RandomPath());
                var expected = new[] { host, "*" + host[host.IndexOf('.')..], "*" }
                    .Select(h => matches.Where(m => m.Match.Host == h && Below(path, m.Match.Path) && !m.Match.Except.Any(e => Below(path, e))).OrderByDescending(m => m.Match.Path.TrimEnd('/').Length).FirstOrDefault().Route?.Name)
                    .FirstOrDefault(name => name is not null);
                Assert.Equal(expected, table.Find(Encoding.ASCII.GetBytes(host), Encoding.ASCII.GetBytes(path)).Route?.Name);
            }
        }

        string Host() => random.Next(4) switch { 0 => "a.x", 1 => "*.x", 2 => "*.a.x", _ => "*" };
        string RandomPath() => "/" + string.Join('/', Enumerable.Range(0, random.Next(4)).Select(_ => labels[random.Next(labels.Length)])) + (random.Next(5) == 0 ? "/" : "");
        static bool Below(string path, string prefix) => (path.TrimEnd('/') + "/").StartsWith(prefix.TrimEnd('/') + "/", StringComparison.Ordinal);
    }

    private RouteEntry Route(string name)
    {
        var memory = new RouteMemory();
        return new RouteEntry(name, name, new RouteRules(), new TargetPool([], new RouteRules(), memory, _keeper), [], memory);
    }
}
