using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Tests.Fakes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Instances;

public sealed class LifeTests
{
    [Fact]
    public async Task Instance_serves_at_the_address_and_port_it_was_told_and_is_then_reported_ready()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http()));
        var status = await agent.ReachAsync(InstancePhase.Ready);
        using var http = new HttpClient();
        Assert.True((await http.GetAsync($"http://{status.Address}:{status.Ports["http"]}/", TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        Assert.Contains("python3", ProcFs.Name(status.Pid), StringComparison.Ordinal);
        Assert.Equal(status.Pid, ProcFs.Stat(status.Pid)!.Value.Session);
    }

    [Fact]
    public async Task Environment_is_what_the_design_says_and_nothing_else()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper("env; exec sleep 1000") with { Ports = [new Port("http"), new Port("admin-api")], Check = null }));
        await agent.ReachAsync(InstancePhase.Checking);
        await TestAgent.UntilAsync(() => agent.LogOf().Contains("PORT_ADMIN_API=", StringComparison.Ordinal), "the environment is printed");
        var names = agent.LogOf().Split('\n').Where(l => l.Contains('=')).Select(l => l[..l.IndexOf('=')]).Except(["PWD", "_", "OLDPWD", "SHLVL"]).Order();
        Assert.Equal(
            ["HOME", "HOST", "LANG", "OPENCLUSTER_AGENT", "OPENCLUSTER_INSTANCE", "OPENCLUSTER_LOCATION", "OPENCLUSTER_SERVER", "OPENCLUSTER_SERVICE",
             "OPENCLUSTER_TOKEN_FILE", "OPENCLUSTER_ZONE", "PATH", "PORT", "PORT_ADMIN_API"], names);
    }

    [Fact]
    public async Task Killed_process_is_started_again_with_the_same_port_and_says_what_killed_it()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http()));
        var first = await agent.ReachAsync(InstancePhase.Ready);
        _ = LibC.Kill(first.Pid, LibC.SigKill);
        var second = await agent.ReachAsync(InstancePhase.Ready, and: i => i.Restarts == 1);
        Assert.NotEqual(first.Pid, second.Pid);
        Assert.Equal(first.Ports["http"], second.Ports["http"]);
        Assert.Equal("killed", second.Failure!.Code);
        Assert.Contains("SIGKILL", second.Failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instance_that_exits_at_once_fails_with_its_code_its_port_and_its_last_words()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http("echo no database there; exit 3")));
        var status = await agent.ReachAsync(InstancePhase.Failed);
        Assert.Equal("exited", status.Failure!.Code);
        Assert.Matches($@"^exited with code 3 after [\d.]+ s, before it listened on port {status.Ports["http"]}$", status.Failure.Reason);
        Assert.Equal(["no database there"], status.Failure.Log);
    }

    [Fact]
    public async Task Instance_that_never_binds_fails_when_its_time_is_over()
    {
        await using var agent = new TestAgent().Start();
        var spec = TestAgent.Http("sleep 1000");
        agent.Assign(TestAgent.Order(spec with { Check = spec.Check! with { StartWithin = TimeSpan.FromSeconds(1) } }));
        var status = await agent.ReachAsync(InstancePhase.Failed);
        Assert.Equal("never-listened", status.Failure!.Code);
        Assert.Equal(0, agent.Marked());
    }

    [Fact]
    public async Task Instance_that_binds_and_then_hangs_becomes_unhealthy_and_is_restarted()
    {
        await using var agent = new TestAgent().Start();
        const string hang = """
            python3 -c '
            import os,http.server,signal
            class H(http.server.BaseHTTPRequestHandler):
                n=0
                def do_GET(self):
                    H.n+=1
                    if H.n>3: os.kill(os.getpid(),signal.SIGSTOP)
                    self.send_response(200); self.send_header("Content-Length","0"); self.end_headers()
            http.server.HTTPServer((os.environ["HOST"],int(os.environ["PORT"])),H).serve_forever()
            '
            """;
        var spec = TestAgent.Http(hang) with { Stop = new StopRule { Grace = TimeSpan.FromMilliseconds(300) } };
        agent.Assign(TestAgent.Order(spec with { Check = spec.Check! with { Timeout = TimeSpan.FromMilliseconds(200), Fall = 2 } }));
        await agent.ReachAsync(InstancePhase.Ready);
        var sick = await agent.ReachAsync(InstancePhase.Unhealthy);
        Assert.Contains("got no answer", sick.Failure!.Reason, StringComparison.Ordinal);
        await agent.ReachAsync(InstancePhase.Ready, and: i => i.Restarts > 0);
    }

    [Fact]
    public async Task Process_that_ignores_SIGTERM_is_killed_after_its_grace_with_all_its_children()
    {
        await using var agent = new TestAgent().Start();
        var spec = TestAgent.Sleeper("trap '' TERM; (trap '' TERM; sleep 1000) & sleep 1000; sleep 1000") with { Stop = new StopRule { Grace = TimeSpan.FromMilliseconds(500) } };
        agent.Assign(TestAgent.Order(spec));
        await agent.ReachAsync(InstancePhase.Ready);
        Assert.True(agent.Marked() >= 3);
        agent.Assign(TestAgent.Order(spec, wanted: Wanted.Stop));
        await agent.ReachAsync(InstancePhase.Stopped);
        Assert.Equal(0, agent.Marked());
    }

    [Fact]
    public async Task Child_that_outlives_its_leader_in_a_stop_has_the_grace_to_finish()
    {
        await using var agent = new TestAgent().Start();
        // The shell dies of SIGTERM at once; what it started writes a last line first.
        var spec = TestAgent.Sleeper("python3 -c 'import signal,time,sys\ndef end(*_):\n  time.sleep(0.5); print(\"finished\"); sys.exit(0)\nsignal.signal(signal.SIGTERM,end)\nprint(\"up\",flush=True)\ntime.sleep(1000)'; true");
        agent.Assign(TestAgent.Order(spec));
        await TestAgent.UntilAsync(() => File.Exists(Path.Combine(agent.Directory, "instances/api-1/log")) && agent.LogOf().Contains("up", StringComparison.Ordinal), "it is up");
        agent.Assign(TestAgent.Order(spec, wanted: Wanted.Stop));
        await agent.ReachAsync(InstancePhase.Stopped);
        Assert.Contains("finished", agent.LogOf(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_that_left_its_session_goes_with_its_instance()
    {
        await using var agent = new TestAgent().Start();
        var spec = TestAgent.Sleeper("setsid sleep 1000 & exec sleep 1000");
        agent.Assign(TestAgent.Order(spec));
        await agent.ReachAsync(InstancePhase.Ready);
        await TestAgent.UntilAsync(() => agent.Marked() == 2, "both run");
        agent.Assign(TestAgent.Order(spec, wanted: Wanted.Stop));
        await agent.ReachAsync(InstancePhase.Stopped);
        Assert.Equal(0, agent.Marked());
    }

    [Fact]
    public async Task Fixed_port_that_is_taken_names_who_holds_it()
    {
        using var holder = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        holder.Start();
        var port = ((System.Net.IPEndPoint)holder.LocalEndpoint).Port;
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Http() with { Ports = [new Port("http", Number: port)] }));
        var status = await agent.ReachAsync(InstancePhase.Failed);
        Assert.Equal("port-taken", status.Failure!.Code);
        Assert.Contains($"(pid {Environment.ProcessId})", status.Failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_above_the_limit_ends_the_instance_with_that_reason()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper("python3 -c 'x=b\"1\"*100_000_000; import time; time.sleep(1000)'") with { Takes = new Capacity { MemoryBytes = 50 << 20 } }));
        var report = await agent.Controller.HearAsync(r => r.Instances.Any(i => i.Failure?.Code == "memory-limit"), "memory-limit");
        Assert.Contains(report.Without, w => w.Contains("cgroup v2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Command_check_runs_with_the_instances_environment()
    {
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper() with { Check = new HealthCheck { Kind = CheckKind.Command, Command = "test \"$OPENCLUSTER_INSTANCE\" = api-1", Timeout = TimeSpan.FromSeconds(5) } }));
        await agent.ReachAsync(InstancePhase.Ready);
    }

    [Fact]
    public async Task Service_runs_as_a_user_of_its_own_when_the_agent_is_root()
    {
        if (LibC.EffectiveUser() != 0) Assert.Skip("needs root");
        await using var agent = new TestAgent().Start();
        agent.Assign(TestAgent.Order(TestAgent.Sleeper()), TestAgent.Order(TestAgent.Sleeper() with { User = "nobody" }, id: "api-2"));
        var own = await agent.ReachAsync(InstancePhase.Ready);
        var nobody = await agent.ReachAsync(InstancePhase.Ready, "api-2");
        Assert.InRange(ProcFs.User(own.Pid)!.Value, 61184u, 65519u);
        Assert.Equal(65534u, ProcFs.User(nobody.Pid));
    }
}
