using System.CommandLine;
using OpenCluster.Agent;
using OpenCluster.Agent.Processes;

namespace OpenCluster.Processes;

/// <summary><c>opencluster agent --directory DIR</c>: what a server is to the cluster. Reads <c>agent.json</c> there.</summary>
internal static class AgentVerb
{
    private static readonly Option<DirectoryInfo> Directory = new("--directory") { Description = "The agent's directory, with its agent.json", Required = true };

    public static Command Create() => ProcessVerb.Create(
        "agent", "Run the agent of a server: it starts, checks, restarts and reports everything else there.",
        [Directory], (parsed, ct) =>
        {
            RuntimeSettings.Require(RuntimeNeeds.SmallHeap);
            _ = SpareMemory.GiveBackAsync(heap: true, TimeProvider.System, ct);
            return AgentHost.RunAsync(AgentOptions.Read(parsed.GetRequiredValue(Directory).FullName), TimeProvider.System, ct);
        });
}
