using System.CommandLine;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster lb …</c>: looking into load-balancers.</summary>
internal static class LbVerb
{
    public static Command Create()
    {
        var lb = new Command("lb", "Look into the load-balancers: their load, why a request goes where, what apps have registered, their caches.");
        lb.Subcommands.Add(TopVerb.Create());
        lb.Subcommands.Add(ExplainVerb.Create());
        lb.Subcommands.Add(RegistrationsVerb.Create());
        lb.Subcommands.Add(PurgeVerb.Create());
        return lb;
    }
}
