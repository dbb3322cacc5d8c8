using System.Diagnostics;
using System.Net.Sockets;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

/// <summary>A real server that sends head and body in two writes, killed with SIGKILL under load, again and again.</summary>
public sealed class KilledTargetTests
{
    private const int Rounds = 8;
    private const int Clients = 32;

    private const string Program = """
        import sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            def do_GET(self):
                body = b"x" * int(self.path[1:])
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *args):
                pass
        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
        Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """;

    private readonly Lock _gate = new();
    private TimeSpan _longest;
    private int _whole;
    private int _cut;

    [Theory]
    [InlineData(100, true)]
    [InlineData(200_000, false)]
    public async Task Nobody_is_kept_waiting_for_the_rest_of_an_answer_whose_server_was_killed(int size, bool isHeld)
    {
        var port = TestBalancer.FreePort();
        await using var balancer = await TestBalancer.StartAsync();
        balancer.Use(balancer.Snapshot(null, new HealthCheck { Every = TimeSpan.FromMilliseconds(100) }, [TestBalancer.Target("t0", port)]));
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(_ => AskUntilAsync(balancer, size, stop.Token)).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Program, port.ToString()]))!;
            try
            {
                var enough = _whole + 200;
                await Until.TrueAsync(() => _whole > enough, "answers come");
            }
            finally
            {
                python.Kill();
            }
            await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.InRange(_longest, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        if (isHeld) Assert.Equal(0, _cut);
        Assert.Equal(0, balancer.Balancer.Stages.Routes["r1"].Memory.Waiting.Count);
        Assert.Equal(0, balancer.Report("t0").InFlight);
    }

    private async Task AskUntilAsync(TestBalancer balancer, int size, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var client = balancer.Client();
            while (!stop.IsCancellationRequested && await IsAnsweredAsync(client, size))
            {
            }
        }
    }

    /// <summary>Asks, and takes the time from the first byte of the answer to its last.</summary>
    private async Task<bool> IsAnsweredAsync(RawClient client, int size)
    {
        await client.SendAsync($"GET /{size} HTTP/1.1\r\nHost: test\r\n\r\n");
        await client.UntilAsync();
        var started = Stopwatch.GetTimestamp();
        try
        {
            // Nothing is up after the last kill, and retries are bounded: an error of the balancer's own is a whole answer too.
            if ((await client.ReadAsync()).Status == 200) Interlocked.Increment(ref _whole);
            return true;
        }
        catch (Exception cut) when (cut is EndOfStreamException or SocketException)
        {
            Interlocked.Increment(ref _cut);
            return false;
        }
        finally
        {
            lock (_gate) _longest = Stopwatch.GetElapsedTime(started) is var took && took > _longest ? took : _longest;
        }
    }
}
