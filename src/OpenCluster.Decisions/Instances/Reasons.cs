using System.Globalization;
using OpenCluster.Model.Running;

namespace OpenCluster.Decisions.Instances;

/// <summary>Why an instance is not ready, for a person. The shell adds the log lines that show it.</summary>
internal static class Reasons
{
    public static Failure Died(InstanceState s, CareEvent.Exited e, DateTimeOffset now)
    {
        if (e.Cause is not null) return e.Cause;
        if (s.Rules.Once && e.ExitCode is null && e.Signal is 0)
            return new Failure("outcome-unknown", "the script ended while the agent was away, so its exit code is not known; it is not run again by itself");
        var code = e.Signal is not 0 ? "killed" : s.Rules.Once ? "script-failed" : "exited";
        return new Failure(code, Exit(s, e, now));
    }

    public static string Exit(InstanceState s, CareEvent.Exited e, DateTimeOffset now)
    {
        if (e.Cause is not null) return e.Cause.Reason;
        var what = e switch
        {
            { Signal: not 0 } => $"was killed by {SignalName(e.Signal)}",
            { ExitCode: { } code } => $"exited with code {code}",
            _ => "ended while the agent was away",
        };
        var after = s.Current is { } life ? $" after {Seconds(now - life.Started)} s" : "";
        var before = s is { Listened: false, Port: not 0, Rules.Once: false } ? $", before it listened on port {s.Port}" : "";
        return what + after + before;
    }

    public static Failure NeverReady(InstanceState s)
    {
        var time = Seconds(s.Rules.StartWithin);
        if (!s.Listened && s.Port is not 0)
            return new Failure("never-listened", $"nothing listened on port {s.Port} within {time} s of its start; it must listen at the address and port in HOST and PORT");
        return new Failure("check-failed", $"its health check did not succeed within {time} s of its start: {s.LastAnswer}");
    }

    public static Failure Unhealthy(InstanceState s) =>
        new("check-failed", $"its health check failed {s.Failures} times in a row: {s.LastAnswer}");

    private static string Seconds(TimeSpan time) => Math.Max(0, time.TotalSeconds).ToString("0.#", CultureInfo.InvariantCulture);

    private static string SignalName(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        25 => "SIGXFSZ",
        _ => $"signal {signal}",
    };
}
