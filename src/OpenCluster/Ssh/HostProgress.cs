using OpenCluster.CommandLine;

namespace OpenCluster.Ssh;

/// <summary>What became of one host.</summary>
/// <param name="Text">What was done, or what went wrong and what to do about it.</param>
internal sealed record HostOutcome(SshTarget Target, bool Good, string Text);

/// <summary>Tells of many hosts at once: a line for each step of each, and at the end a table.</summary>
internal sealed class HostProgress(Screen screen, TimeProvider time)
{
    private readonly Lock _telling = new();
    private readonly long _began = time.GetTimestamp();

    public void Tell(SshTarget target, string step)
    {
        lock (_telling) screen.Say($"[grey]{time.GetElapsedTime(_began).TotalSeconds,5:0.0} s[/]  [bold]{Screen.Plain(target.Name)}[/]  {Screen.Plain(step)}");
    }

    /// <returns>The exit code that these outcomes mean.</returns>
    public int Tell(IReadOnlyCollection<HostOutcome> outcomes)
    {
        screen.Table(["server", "host", "", ""], outcomes.Select(o => (string[])
        [
            Screen.Plain(o.Target.Name), Screen.Plain(o.Target.Login), o.Good ? "[green]✓[/]" : "[red]✗[/]", Screen.Plain(o.Text),
        ]), "");
        return outcomes.All(o => o.Good) ? ExitCode.Done : ExitCode.Failed;
    }
}
