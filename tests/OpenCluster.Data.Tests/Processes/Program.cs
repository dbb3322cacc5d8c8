using OpenCluster.Data.Durability;

namespace OpenCluster.Data.Tests.Processes;

/// <summary>Runs the tests, or is a data server for one of them.</summary>
internal static class Program
{
    /// <summary>The first word that makes it a server; directory and fsync follow. It says its port on a line and runs until it is killed.</summary>
    public const string ServerWord = "be-a-data-server";

    public static int Main(string[] args)
    {
        if (args is not [ServerWord, var directory, var fsync]) return Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
        var policy = fsync == "always" ? FsyncPolicy.Always : FsyncPolicy.EverySecond;
        using var host = DataHost.Start(new DataOptions { Port = 0, Directory = directory, Fsync = policy }, TimeProvider.System, _ => { });
        Console.WriteLine(host.Port);
        // Should the test die first, its end of the pipe closes.
        Console.In.ReadToEnd();
        return 0;
    }
}
