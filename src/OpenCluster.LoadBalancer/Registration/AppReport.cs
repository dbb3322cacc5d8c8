using System.Collections.Immutable;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// What the controller is told of apps that registered, so that it can explain where requests go: when who is registered has changed, and again
/// after a while, for a controller that has started since. Secrets stay here.
/// </summary>
internal sealed class AppReport(LeaseStore store, TimeKeeper keeper)
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(10);
    private ImmutableArray<string> _told = [];
    private DateTimeOffset _toldAt = DateTimeOffset.MinValue;

    /// <summary>The first <see cref="BalancerReport.MostApps"/> by id; null when there is nothing new to tell.</summary>
    public ImmutableArray<Model.Balancing.Registration>? Next()
    {
        var live = store.Live.Take(BalancerReport.MostApps).ToImmutableArray();
        ImmutableArray<string> secrets = [.. live.Select(r => r.Secret)];
        var now = keeper.Now;
        if (now - _toldAt < AgainAfter && secrets.SequenceEqual(_told)) return null;
        (_told, _toldAt) = (secrets, now);
        return [.. live.Select(r => r with { Secret = "" })];
    }
}
