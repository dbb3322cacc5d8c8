using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Observing;

public sealed class AccessLogTests
{
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
