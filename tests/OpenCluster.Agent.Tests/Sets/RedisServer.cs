using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OpenCluster.Agent.Sets.Redis;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Sets;

/// <summary>A real redis-server, prepared as an agent prepares a copy; ends with the test.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("opencluster-redis-").FullName;
    private Process? _process;

    public RedisServer(int replicas = 0, long? memory = null)
    {
        using (var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            At = (IPEndPoint)free.LocalEndPoint!;
        }

        Space = new DataSpace { Id = "spc-1", Name = "orders", Port = At.Port, Replicas = replicas, MemoryBytes = memory };
    }

    public static SetPasswords Passwords { get; } = new("for-apps", "for-us");

    public IPEndPoint At { get; }

    public DataSpace Space { get; }

    public int Pid => _process!.Id;

    /// <summary>Starts it (again) on the data it has, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        if (!File.Exists("/usr/bin/redis-server")) Assert.Skip("needs redis-server");
        var command = RedisBootstrap.Prepare(new SetSeat { SetId = "spc-1", Space = Space }, Passwords, "127.0.0.1", _home, Path.Combine(_home, "data"), user: null);
        _process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, UseShellExecute = false })!;
        _ = _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var driver = Driver();
        await Until.HoldsAsync(async () =>
        {
            try
            {
                return !(await driver.StatusAsync(TestContext.Current.CancellationToken)).Loading;
            }
            catch (Exception starting) when (starting is SocketException or IOException)
            {
                return false;
            }
        });
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        _process.Dispose();
        _process = null;
    }

    public RedisDriver Driver() => new(At, Passwords, Space.Replicas, Space.MemoryBytes ?? 0);

    public RedisLink App() => new(At, RedisUsers.App, Passwords.App);

    public void Dispose()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}

/// <summary>Waiting for what must come, with a bound.</summary>
internal static class Until
{
    public static async Task HoldsAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await holds()) await tick.WaitForNextTickAsync(limit.Token);
    }
}
