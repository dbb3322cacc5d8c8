namespace OpenCluster.Agent;

/// <summary>The agent's own log: one line per thing that happened, time first.</summary>
internal sealed class AgentLog(TextWriter writer, TimeProvider time)
{
    private readonly Lock _line = new();

    public void Info(string text) => Line("", text);

    public void Warn(string text) => Line("warning: ", text);

    private void Line(string kind, string text)
    {
        lock (_line)
        {
            writer.WriteLine($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {kind}{text}");
            writer.Flush();
        }
    }
}
