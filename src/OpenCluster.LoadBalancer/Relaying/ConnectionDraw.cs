using System.Net;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Balancing;

namespace OpenCluster.LoadBalancer.Relaying;

/// <summary>What a connection or a session brings to the choice of its target: chance, and its client's address for routes that balance by hash.</summary>
internal static class ConnectionDraw
{
    public static Draw Of(IPAddress client) => new((ulong)Random.Shared.NextInt64(), HashChoice.Hash(client.ToString()));
}
