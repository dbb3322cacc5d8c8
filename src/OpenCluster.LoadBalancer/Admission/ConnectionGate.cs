using System.Net;
using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>
/// Lets a connection of TCP or a session of UDP into a route, or not: the same rules as for requests, as far as a connection shows what they
/// ask for. What is refused is closed without a word, since nobody knows which language would be understood.
/// </summary>
internal sealed class ConnectionGate(RouteRules rules, RouteGate gate, RouteCounters counters)
{
    private readonly AdmissionCheck _check = new(rules.Admit, PlainHttp.Serve);

    /// <summary>Counts it in; if it is let in, <see cref="Leave"/> must follow. Otherwise the reason was counted.</summary>
    /// <param name="key">What <see cref="Leave"/> wants.</param>
    public bool TryEnter(IPAddress client, long now, out ulong key)
    {
        key = 0;
        var refusal = _check.AsksNothing ? Refusal.None : _check.Judge(new Visitor(client, IsSecure: false, CertificateNames: default, HeadBytes: 0));
        if (refusal == Refusal.None) refusal = gate.TryEnter(client, now, out key);
        if (refusal == Refusal.None) return true;
        counters.CountRefused(refusal);
        return false;
    }

    public void Leave(ulong key) => gate.Leave(key);
}
