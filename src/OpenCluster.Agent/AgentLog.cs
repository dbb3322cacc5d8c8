namespace OpenCluster.Agent;

/// <summary>The agent's own log: one line per thing that happened, time first. On a full disk a line is lost, and nothing else.</summary>
internal sealed class AgentLog(TextWriter writer, TimeProvider time)
{
    private readonly Lock _line = new();
    private long _lost;

    /// <summary>Lines that could not be written.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Info(string text) => Line("", text);

    public void Warn(string text) => Line("warning: ", text);

    private void Line(string kind, string text)
    {
        try
        {
            lock (_line)
            {
                writer.WriteLine($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {kind}{text}");
                writer.Flush();
            }
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _lost);
        }
    }
}
