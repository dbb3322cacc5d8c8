using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Observing;

namespace OpenCluster.LoadBalancer.Admission;

/// <summary>Lets a request in, or refuses it: first who may come at all, then how much.</summary>
internal sealed class AdmissionStep(AdmissionCheck check, RouteGate gate, RouteCounters counters) : RouteStep
{
    public override ValueTask<bool> TryAnswerAsync(ClientConnection client)
    {
        var refusal = Judge(client);
        return refusal == Refusal.None ? new(false) : RefuseAsync(client, refusal);
    }

    private Refusal Judge(ClientConnection client)
    {
        var exchange = client.Exchange;
        // The request it was made of has been let in before.
        if (client.Facts.Refreshes is not null) return Refusal.None;
        if (!check.AsksNothing)
        {
            var facts = client.Facts;
            var refused = check.Judge(new Visitor(facts.Remote.Address, facts.IsSecure, facts.CertificateNames, exchange.Head.Length));
            if (refused != Refusal.None) return refused;
        }
        if (gate.IsOpen) return Refusal.None;
        var full = gate.TryEnter(client.Facts.Remote.Address, exchange.StartedStamp, out var key);
        if (full == Refusal.None) exchange.Entered(gate, key);
        return full;
    }

    private async ValueTask<bool> RefuseAsync(ClientConnection client, Refusal refusal)
    {
        counters.CountRefused(refusal);
        await RefusalAnswer.SendAsync(client, refusal).ConfigureAwait(false);
        return true;
    }
}
