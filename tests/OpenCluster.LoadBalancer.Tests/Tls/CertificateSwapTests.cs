using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Tls;

public sealed class CertificateSwapTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Certificate_swapped_under_load_costs_no_request_and_no_connection()
    {
        await using var target = RawTarget.Answering("good");
        var certificate = _certificates.Write("site", ["localhost"]);
        await using var balancer = await TestBalancer.ListenAsync(b => b.Snapshot(null, null, [TestBalancer.Target("t0", target.Port)]) with
        {
            Listeners = [new Listener("web", b.Port, ListenerProtocol.Https, "127.0.0.1")],
            Certificates = [certificate],
        });
        var seen = new ConcurrentDictionary<string, int>();
        var answered = 0;
        var done = false;
        // One keeps its connection all the time, the others come anew for each request.
        var load = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            while (!Volatile.Read(ref done))
            {
                using var client = await ConnectAsync(balancer.Port, seen);
                do
                {
                    await AskAsync(client);
                    Interlocked.Increment(ref answered);
                }
                while (i == 0 && !Volatile.Read(ref done));
                if (i == 0) return;
            }
        })).ToArray();

        for (var swap = 1; swap <= 2; swap++)
        {
            var before = answered;
            await Until.TrueAsync(() => answered > before + 50 || load.Any(l => l.IsFaulted), "requests are answered");
            _certificates.Write("site", ["localhost"]);
            var wanted = swap + 1;
            await Until.TrueAsync(() => seen.Count == wanted || load.Any(l => l.IsFaulted), "the new certificate is shown");
        }
        Volatile.Write(ref done, true);
        await Task.WhenAll(load);
        Assert.Equal(3, seen.Count);
    }

    private static async Task<SslStream> ConnectAsync(int port, ConcurrentDictionary<string, int> seen)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null });
        seen.TryAdd(((X509Certificate2)tls.RemoteCertificate!).SerialNumber, 0);
        return tls;
    }

    private static async Task AskAsync(SslStream tls)
    {
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (!received.ToString().EndsWith("\r\n\r\ngood", StringComparison.Ordinal))
        {
            var count = await tls.ReadAsync(buffer);
            Assert.True(count > 0, "the connection ended within an answer: " + received);
            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        Assert.StartsWith("HTTP/1.1 200 ", received.ToString());
    }
}
