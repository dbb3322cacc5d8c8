namespace OpenCluster.Agent;

/// <summary>The agent cannot start, or cannot do what it is asked; the message says what to do instead.</summary>
/// <param name="code">Stable, kebab-case.</param>
public sealed class AgentException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
}
