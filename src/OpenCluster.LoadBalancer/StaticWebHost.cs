using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer;

/// <summary>The static web server as a process of its own: one listener, one directory, everything else as in a balancer.</summary>
public static class StaticWebHost
{
    /// <summary>Serves until cancelled, then lets requests in flight end.</summary>
    /// <param name="address">An IP address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="directory">Files are served from below it; a link is followed once, at the start.</param>
    /// <param name="rule">How they are served.</param>
    /// <param name="accessLog">Appended to; null for none.</param>
    /// <param name="drainLimit">The longest wait for requests in flight.</param>
    /// <exception cref="ListenException">The address cannot be had.</exception>
    public static async Task RunAsync(string address, int port, string directory, WebRule rule, string? accessLog, TimeSpan drainLimit, TimeProvider time, CancellationToken ct)
    {
        if (!Directory.Exists(directory)) throw new DirectoryNotFoundException($"There is no directory {directory} to serve. Check the service's web root.");
        using var keeper = new TimeKeeper(time);
        await using var log = accessLog is null ? null : new AccessLog(accessLog, keeper);
        await using var balancer = new Balancer(log, keeper);
        var taken = balancer.Apply(
            new BalancerSnapshot
            {
                Balancer = "web",
                Cluster = "",
                Listeners = [new Listener("web", port, Address: address)],
                Routes = [new RoutePlan { Id = "web", Name = "web", Matches = [new RouteMatch("*")], WebRoot = Path.GetFullPath(directory), Web = rule }],
            },
            listen: false);
        if (!taken) throw new ArgumentException(balancer.Refused, nameof(address));
        balancer.Listen();
        await Task.Delay(Timeout.InfiniteTimeSpan, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await balancer.DrainAsync(drainLimit).ConfigureAwait(false);
    }
}
