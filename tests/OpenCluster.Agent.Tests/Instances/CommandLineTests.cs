using OpenCluster.Agent.Instances;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Instances;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("python3 app.py --port ${PORT}", true)]
    [InlineData("  ./run 2>>err.log", true)]
    [InlineData("sleep $((1+1))", false)]
    [InlineData("FOO=1 ./run", false)]
    [InlineData("cd app && ./run", false)]
    [InlineData("./a; ./b", false)]
    [InlineData("./a | ./b", false)]
    [InlineData("./a\n./b", false)]
    [InlineData("if true; then x; fi", false)]
    [InlineData("exec ./run", false)]
    public void Plain_command_replaces_the_shell_and_anything_else_keeps_it(string run, bool plain) =>
        Assert.Equal(plain ? "exec " + run.Trim() : run, CommandLine.Shell(run));

    [Fact]
    public void Static_site_is_told_what_is_unusual_and_nothing_else()
    {
        var rule = new WebRule { Fallback = "/index.html", NotFound = "/404.html", FreshFor = TimeSpan.FromMinutes(5), Immutable = ["/assets", "/fonts"], Compress = false };
        Assert.Equal(
            ["/bin/oc", "web", "--root", "public", "--fallback=/index.html", "--not-found=/404.html", "--fresh-for=5m", "--immutable=/assets", "--immutable=/fonts", "--uncompressed"],
            CommandLine.For(Order(rule), Agent, "/home", "/identity"));
        Assert.Equal(["/bin/oc", "web", "--root", "public"], CommandLine.For(Order(new WebRule()), Agent, "/home", "/identity"));
    }

    private static AgentOptions Agent => new() { Directory = "/tmp", ServerId = "s1", ServerName = "s1", Controllers = [new Uri("http://localhost")], ExecutablePath = "/bin/oc" };

    private static InstanceOrder Order(WebRule rule) => new()
    {
        Id = "web-1",
        ServiceId = "s",
        Service = "web",
        Zone = "default",
        Location = "default",
        Address = "127.0.0.1",
        Spec = new ServiceSpec { Kind = RunKind.Web, WebRoot = "public", Web = rule },
    };
}
