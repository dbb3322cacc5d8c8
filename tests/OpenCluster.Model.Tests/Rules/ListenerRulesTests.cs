using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Tests.Rules;

public sealed class ListenerRulesTests
{
    private const string Start = """
        cluster: c
        servers: [one]
        services:
          app: {run: ./app}
          dns: {run: ./dns, ports: {dns: {number: 53, protocol: udp}}}
        certificates:
          site: {file: /etc/site.pem, key: /etc/site.key}
        load-balancers:
          edge:
            listen:
              - 80
              - {port: 443, protocol: https}
              - {name: sql, port: 5432, protocol: tcp}
              - {name: through, port: 8443, protocol: tls}
              - {name: dns, port: 53, protocol: udp}
              - {name: more, port: 53, protocol: tcp}

        """;

    [Fact]
    public void Routes_of_every_protocol_stand_side_by_side_and_udp_and_tcp_share_a_port()
    {
        var cluster = Read("""
            routes:
              app: {match: example.org}
              sql: {to: app, listeners: [sql, more], idle: 5m, proxy-protocol: v1}
              one: {to: app, listeners: through, match: one.example.org}
              two: {to: app, listeners: through, match: "*.example.org"}
              dns: {listeners: dns}
            """);
        Assert.Equal(TimeSpan.FromMinutes(5), cluster.Routes.Single(r => r.Name == "sql").Rules.Idle);
        Assert.Equal(["http", "https", "sql", "through", "dns", "more"], cluster.LoadBalancers[0].Listeners.Select(l => l.Name));
    }

    [Theory]
    [InlineData("a: {to: app}", "it answers to nothing")]
    [InlineData("a: {to: app, listeners: sqll}", "no load-balancer of the route has a listener \"sqll\"")]
    [InlineData("a: {to: app, listeners: http}", "a listener of HTTP serves all routes of hosts and paths")]
    [InlineData("a: {to: app, listeners: through}", "it must be said which hosts go there")]
    [InlineData("a: {to: app, listeners: sql, match: x.org}", "a connection of TCP or UDP has no host and no path")]
    [InlineData("a: {to: app, listeners: through, match: x.org/a}", "TLS that passes through shows a host, and no path")]
    [InlineData("a: {to: app, listeners: dns}", "port \"http\" of service \"app\" is TCP, and a listener of the route is UDP")]
    [InlineData("a: {to: dns, listeners: sql}", "port \"dns\" of service \"dns\" is UDP")]
    [InlineData("a: {to: dns, listeners: dns, tls: true}", "UDP goes without TLS and PROXY protocol")]
    [InlineData("a: {to: app, listeners: through, match: x.org, tls: true}", "TLS passes through already")]
    [InlineData("a: {to: app, listeners: sql, speak: http2}", "connections of TCP, UDP and TLS that pass through are not looked into")]
    [InlineData("a: {to: app, match: x.org, speak: http2, proxy-protocol: v2}", "over HTTP/2 many clients share a connection")]
    [InlineData("a: {to: app, listeners: sql}\n  b: {to: app, listeners: sql}", "route \"a\" has listener \"sql\" of load-balancer \"edge\" as well")]
    [InlineData("a: {to: app, listeners: through, match: x.org}\n  b: {to: app, listeners: through, match: x.org}", "route \"a\" has listener \"through\" of load-balancer \"edge\" for x.org as well")]
    [InlineData("a: {to: app, listeners: sql, timeout: 10s}", "routes.a.timeout")]
    [InlineData("a: {to: app, listeners: sql, cache: 1MiB}", "routes.a.cache")]
    [InlineData("a: {to: app, listeners: sql, plain-http: refuse}", "it is for requests of HTTP, and this route has connections of TCP, TLS or UDP")]
    [InlineData("a: {to: app, listeners: sql, admit: {client-certificate: required}}", "routes.a.admit.client-certificate")]
    [InlineData("a: {to: app, match: x.org, admit: {client-certificate: required}}", "no listener of its load-balancers asks clients for a certificate")]
    [InlineData("a: {to: app, listeners: sql, balance: {policy: hash, hash-by: path}}", "routes.a.balance.hash-by")]
    public void Route_that_cannot_be_is_told_why(string routes, string why) => Assert.Contains(why, Errors(Start + "routes:\n  " + routes));

    [Theory]
    [InlineData("{port: 90, certificate: site}", "a listener of http shows no certificate")]
    [InlineData("{port: 90, client-authorities: /x.pem}", "a listener of http sees no certificates of clients")]
    [InlineData("{port: 90, protocol: udp, proxy-from: 10.0.0.0/8}", "datagrams do not begin with the PROXY protocol")]
    [InlineData("{port: 90, proxy-from: 10.0.0.0/99}", "\"10.0.0.0/99\" is not a network")]
    [InlineData("{port: 90, protocol: https, certificate: sitte}", "there is no certificate \"sitte\"")]
    [InlineData("{port: 443, protocol: tcp}", "it listens at port 443 twice")]
    public void Listener_that_cannot_be_is_told_why(string listener, string why) => Assert.Contains(why, Errors(Start + "      - " + listener));

    [Fact]
    public void Https_without_a_certificate_is_told_how_to_add_one() =>
        Assert.Contains("there is no certificate for HTTPS", Errors("cluster: c\nservers: [one]\nload-balancers: {edge: {listen: {port: 443, protocol: https}}}"));

    [Fact]
    public void Certificates_path_is_absolute() => Assert.Contains("\"site.pem\" is not an absolute path", Errors("cluster: c\ncertificates: {site: {file: site.pem, key: /k}}"));

    private static Cluster Read(string routes)
    {
        var reading = ClusterFile.Read(Start + routes, "cluster.yaml");
        Assert.Empty(reading.Lines);
        return reading.File!.Cluster;
    }

    private static string Errors(string text) => string.Join('\n', ClusterFile.Read(text, "cluster.yaml").Lines);
}
