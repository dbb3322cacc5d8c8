using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using OpenCluster.Store.Etcd;

namespace OpenCluster.Store.Tests.Etcd;

/// <summary>A real etcd of one member, with free ports and a directory of its own; it ends with the test class.</summary>
public class EtcdServer : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly int peerPort = FreePort();
    private readonly HttpClient http = new();
    private Process? process;

    public static bool IsInstalled { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(path => File.Exists(Path.Combine(path, "etcd")));

    public int ClientPort { get; } = FreePort();

    public Uri Endpoint => new($"{Scheme}://127.0.0.1:{ClientPort}");

    protected virtual string Scheme => "http";

    protected string DirectoryPath => directory.Path;

    protected virtual IEnumerable<string> SecurityArguments => [];

    protected virtual HttpClient Http => http;

    public async ValueTask InitializeAsync()
    {
        if (!IsInstalled)
            return;
        await PrepareAsync();
        await StartAsync();
    }

    protected virtual Task PrepareAsync() => Task.CompletedTask;

    public async Task StartAsync()
    {
        var peer = $"http://127.0.0.1:{peerPort}";
        var client = $"{Scheme}://127.0.0.1:{ClientPort}";
        var start = new ProcessStartInfo("etcd") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--data-dir", Path.Combine(directory.Path, "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}",
            // Leases of 2 s: the least time to live follows from the election timeout.
            "--heartbeat-interval", "100", "--election-timeout", "1000", "--logger", "zap",
            .. SecurityArguments,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Waiting.UntilAsync(IsHealthyAsync, "etcd to be healthy");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.Dispose();
        process = null;
    }

    /// <summary>Asks etcd itself, past the store.</summary>
    public async Task PostAsync(string path, object body)
    {
        using var response = await Http.PostAsJsonAsync(new Uri(Endpoint, path), body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public virtual EtcdOptions Options() => new() { Endpoints = [Endpoint], Namespace = $"test/{Guid.NewGuid():n}/" };

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await KillAsync();
        http.Dispose();
        directory.Dispose();
        GC.SuppressFinalize(this);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async ValueTask<bool> IsHealthyAsync()
    {
        Assert.False(process!.HasExited, "etcd ended at once");
        try
        {
            var health = await Http.GetStringAsync(new Uri(Endpoint, "/health"), TestContext.Current.CancellationToken);
            return health.Contains("true", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
