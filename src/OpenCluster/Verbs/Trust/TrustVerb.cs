using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.CommandLine;
using OpenCluster.Trust.Certificates;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster trust</c>: the cluster's roots, for those who are to believe them.</summary>
internal static class TrustVerb
{
    public static Command Create() => ClientVerb.Create(
        "trust", "Show the fingerprint of the cluster's root, for `opencluster login` elsewhere.", ["opencluster trust", "opencluster trust --json"], [], async (call, ct) =>
        {
            var roots = await call.Api.RootsAsync(ct).ConfigureAwait(false);
            if (call.Json) call.Screen.Json(roots, ApiJson.Default.RootsView);
            else
            {
                foreach (var root in RootBundle.Parse(roots.Roots).Roots)
                    call.Screen.Markup($"{Fingerprint.Of(root)}  [grey]{Screen.Plain(root.Subject)}, until {Validity.Until(root):yyyy-MM-dd}[/]");
            }

            return ExitCode.Done;
        });
}
