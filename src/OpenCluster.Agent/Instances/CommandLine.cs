using System.Collections.Frozen;
using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Instances;

/// <summary>What an order's kind means as a command. The built-in kinds are verbs of this same executable.</summary>
internal static class CommandLine
{
    /// <param name="identity">Where its own key and certificate are kept, for a part of the cluster.</param>
    public static ImmutableArray<string> For(InstanceOrder order, AgentOptions agent, string home, string identity) => order.Spec.Kind switch
    {
        RunKind.Command or RunKind.Script => ["/bin/sh", "-c", Shell(order.Spec.Run)],
        RunKind.Web => [Executable(agent), "web", "--root", order.Spec.WebRoot, .. Web(order.Spec.Web)],
        RunKind.LoadBalancer =>
        [
            Executable(agent), "load-balancer", "--directory", home, "--instance", order.Id,
            "--controller", agent.Controllers[0].ToString(), "--identity", identity,
        ],
        RunKind.Redis => throw new InvalidOperationException("A copy of a space is prepared by its driver."),
        RunKind.Controller when agent.Core is { } core => [Executable(agent), "controller", "--directory", core.Directory, .. core.Arguments],
        RunKind.Controller => throw new AgentException("no-core", "this agent was not told where the controller's directory is (core in agent.json)"),
        _ => throw new AgentException("unknown-kind", $"this agent does not know how to run a {order.Spec.Kind}; it is older than the controller"),
    };

    /// <summary>
    /// A plain command replaces the shell, so that it gets SIGTERM itself and its exit is the instance's. What needs the shell (several
    /// commands, assignments before it) keeps it; the whole session is signalled then.
    /// </summary>
    internal static string Shell(string run) => IsPlain(run.Trim()) ? "exec " + run.Trim() : run;

    private static bool IsPlain(string run)
    {
        var first = run.Split((char[])[' ', '\t'], 2)[0];
        return first.Length > 0
            && first.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '/' or '-' or '+')
            && !ShellWords.Contains(first)
            && run.IndexOfAny([';', '&', '|', '(', ')', '`', '\n']) < 0;
    }

    /// <summary>First words that the shell itself must carry out.</summary>
    private static readonly FrozenSet<string> ShellWords = FrozenSet.ToFrozenSet(
    [
        "if", "for", "while", "until", "case", "cd", "export", "set", "unset", "exec", "trap", "ulimit", "umask", "eval", ".", "read", "wait", "exit",
        "echo", "printf", "test", "true", "false", "kill", "command", "shift", "return", "local", "readonly",
    ]);

    private static string Executable(AgentOptions agent) =>
        agent.ExecutablePath ?? Environment.ProcessPath ?? throw new AgentException("no-executable", "the path of the opencluster executable is not known; set executablePath in agent.json");

    private static IEnumerable<string> Web(WebRule rule)
    {
        var usual = new WebRule();
        if (rule.Fallback != usual.Fallback) yield return $"--fallback={rule.Fallback}";
        if (rule.NotFound != usual.NotFound) yield return $"--not-found={rule.NotFound}";
        if (rule.FreshFor != usual.FreshFor) yield return $"--fresh-for={Durations.Show(rule.FreshFor)}";
        foreach (var path in rule.Immutable) yield return $"--immutable={path}";
        if (!rule.Compress) yield return "--uncompressed";
    }
}
