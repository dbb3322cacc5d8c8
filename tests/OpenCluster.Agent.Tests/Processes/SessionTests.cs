using System.Diagnostics;
using OpenCluster.Agent.Processes;

namespace OpenCluster.Agent.Tests.Processes;

public sealed class SessionTests
{
    [Fact]
    public async Task Session_whose_leader_started_at_another_time_is_somebody_elses_and_left_alone()
    {
        using var other = Process.Start("/usr/bin/setsid", ["/bin/sleep", "1000"]);
        try
        {
            var identity = ProcessIdentity.Of(other.Id)!;
            await Fakes.TestAgent.UntilAsync(() => ProcFs.Stat(other.Id) is { } stat && stat.Session == other.Id, "a session of its own");

            Assert.Single(new Session(other.Id, "", identity.StartTime).Members());
            var recycled = new Session(other.Id, "", identity.StartTime - 1);
            Assert.Empty(recycled.Members());
            recycled.Kill(others: false);
            recycled.Terminate();

            Assert.True(identity.Alive);
        }
        finally
        {
            other.Kill();
        }
    }
}
