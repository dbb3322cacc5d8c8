using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Observing;

public sealed class AccessLogTests
{
    [Fact]
    public async Task Combined_lines_are_those_that_analysers_of_logs_read()
    {
        var directory = Directory.CreateTempSubdirectory("oc-lb-log-").FullName;
        var path = Path.Combine(directory, "access.log");
        using var keeper = new TimeKeeper(TimeProvider.System);
        var port = TestBalancer.FreePort();
        await using (var log = new AccessLog(path, keeper))
        await using (var balancer = new Balancer(log, keeper))
        {
            var snapshot = new BalancerSnapshot { Balancer = "b", Cluster = "c", Listeners = [new Listener("web", port, Address: "127.0.0.1")], AccessLog = AccessLogFormat.Combined };
            Assert.True(balancer.Apply(snapshot));
            using var client = new RawClient(port);
            await client.AskAsync("GET /a?b=c HTTP/1.1\r\nHost: a\r\nReferer: https://example.org/\r\nUser-Agent: Mozilla/5.0 \"x\"\r\n\r\n");
            await client.AskAsync("nonsense\r\n\r\n");
        }

        const string Time = @"\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d \+0000\]";
        var lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Length);
        Assert.Matches($@"^127\.0\.0\.1 - - {Time} ""GET /a\?b=c HTTP/1\.1"" 404 \d+ ""https://example\.org/"" ""Mozilla/5\.0 \\x22x\\x22""$", lines[0]);
        Assert.Matches($@"^127\.0\.0\.1 - - {Time} ""-"" 400 \d+ ""-"" ""-""$", lines[1]);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Log_that_has_reached_its_size_is_put_aside_and_takes_no_more_than_twice_as_much()
    {
        const int MostBytes = 4096;
        var directory = Directory.CreateTempSubdirectory("oc-lb-log-").FullName;
        var path = Path.Combine(directory, "access.log");
        using var keeper = new TimeKeeper(TimeProvider.System);
        var port = TestBalancer.FreePort();
        await using (var log = new AccessLog(path, keeper, MostBytes))
        await using (var balancer = new Balancer(log, keeper))
        {
            Assert.True(balancer.Apply(new BalancerSnapshot { Balancer = "b", Cluster = "c", Listeners = [new Listener("web", port, Address: "127.0.0.1")] }));
            using var client = new RawClient(port);
            for (var round = 1; round <= 3; round++)
            {
                var aside = File.Exists(path + ".1") ? File.GetLastWriteTimeUtc(path + ".1") : default;
                for (var i = 0; i < 60; i++) Assert.Equal(404, (await client.GetAsync()).Status);
                await Until.TrueAsync(() => File.Exists(path + ".1") && File.GetLastWriteTimeUtc(path + ".1") > aside, "the log put aside");
            }
        }

        Assert.Equal(["access.log", "access.log.1"], Directory.EnumerateFiles(directory).Select(Path.GetFileName).Order());
        Directory.Delete(directory, recursive: true);
    }
}
