using System.CommandLine;

namespace OpenCluster.Verbs.Apps;

/// <summary><c>opencluster lb …</c>: looking into load-balancers.</summary>
internal static class LbVerb
{
    public static Command Create()
    {
        var lb = new Command("lb", "Look into the load-balancers: what apps have registered.");
        lb.Subcommands.Add(RegistrationsVerb.Create());
        return lb;
    }
}
