using System.Runtime.InteropServices;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Sockets;

namespace OpenCluster.LoadBalancer.Tests.Sockets;

public sealed partial class EventLoopTests
{
    [Fact]
    public async Task New_clients_are_served_while_the_processors_become_fewer_and_more()
    {
        if (Environment.ProcessorCount < 2) Assert.Skip("needs two processors");
        await using var target = RawTarget.Answering("x");
        await using var balancer = await TestBalancer.StartAsync(target);
        var flipping = Task.Factory.StartNew(Flip, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var served = 0;
        for (; !flipping.IsCompleted || served < 20; served++)
        {
            using var client = balancer.Client();
            Assert.Equal("x", (await client.GetAsync()).Body);
        }
        Assert.Equal((1, Environment.ProcessorCount), await flipping);
    }

    /// <summary>Pins its own thread to one processor and back, again and again; how many were counted then.</summary>
    private static (int Fewest, int Most) Flip()
    {
        Thread.BeginThreadAffinity();
        var all = new ulong[16];
        Assert.Equal(0, sched_getaffinity(0, 128, all));
        var one = new ulong[16];
        var first = Array.FindIndex(all, word => word != 0);
        one[first] = all[first] & (~all[first] + 1);
        var (fewest, most) = (int.MaxValue, 0);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(0, sched_setaffinity(0, 128, i % 2 == 0 ? one : all));
            EventLoop.CountProcessors();
            fewest = Math.Min(fewest, Kernel.Processors());
            most = Math.Max(most, Kernel.Processors());
        }
        Thread.EndThreadAffinity();
        return (fewest, most);
    }

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint bytes, [In, Out] ulong[] mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint bytes, ulong[] mask);
}
