using OpenCluster.Agent.Instances;

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
}
