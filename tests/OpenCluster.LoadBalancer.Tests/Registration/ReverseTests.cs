using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Registration;

/// <summary>Apps behind a wall: they listen nowhere, and requests come over connections that they opened.</summary>
public sealed class ReverseTests
{
    [Fact]
    public async Task An_app_without_a_port_is_served_over_connections_it_opens()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var (status, body, url) = await all[0].RegisterAsync(new JsonObject { ["reverse"] = true, ["paths"] = new JsonArray("/orders") });
        Assert.Equal((201, "reverse"), (status, (string?)body!["address"]));
        await using var app = new ReverseApp(all[0].ApiPort, url!, connections: 2);
        await RegistrarApiTests.ServesAsync(all[0], "/orders/1", "GET /orders/1");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => all[0].GetAsync($"/orders/{i}")));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (200, $"GET /orders/{i}")), answers);
    }

    [Fact]
    public async Task When_its_connections_are_gone_it_is_down()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var (_, _, url) = await all[0].RegisterAsync(new JsonObject { ["reverse"] = true });
        var app = new ReverseApp(all[0].ApiPort, url!, connections: 1);
        await RegistrarApiTests.ServesAsync(all[0], "/x", "GET /x");
        await app.DisposeAsync();
        await Until.TrueAsync(async () => (await all[0].GetAsync("/x")).Status == 503, "it to be down");
    }

    [Fact]
    public async Task A_balancer_it_is_not_connected_to_reaches_it_by_the_one_it_is()
    {
        await using var all = await TestRegistrars.StartAsync(2);
        var (_, _, url) = await all[0].RegisterAsync(new JsonObject { ["reverse"] = true });
        await using var app = new ReverseApp(all[0].ApiPort, url!, connections: 2);
        await RegistrarApiTests.ServesAsync(all[0], "/near", "GET /near");
        await RegistrarApiTests.ServesAsync(all[1], "/far", "GET /far");
    }

    [Theory]
    [InlineData("POST /v1/registrations HTTP/1.1\r\nHost: x\r\nUpgrade: opencluster-reverse\r\nConnection: Upgrade\r\n\r\n", "401")]
    [InlineData("GET /v1/registrations/reg-0.0/connections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer oc_shop-token-of-the-tests\r\nUpgrade: opencluster-reverse\r\nConnection: Upgrade\r\n\r\n", "404")]
    [InlineData("GET /v1/registrations/reg-0.0/connections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer oc_other-token-of-the-tests\r\n\r\n", "404")]
    [InlineData("GET /v1/registrations/../registrations HTTP/1.1\r\nHost: x\r\n\r\n", "400")]
    [InlineData("GET /v1/registrations HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400")]
    public async Task Nobody_opens_connections_for_a_registration_that_is_not_theirs(string request, string status)
    {
        await using var all = await TestRegistrars.StartAsync(1);
        await all[0].RegisterAsync(new JsonObject { ["reverse"] = true });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", all[0].ApiPort, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        var answer = new byte[4096];
        var count = await socket.ReceiveAsync(answer, TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 " + status, Encoding.ASCII.GetString(answer, 0, count), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registration_has_a_bounded_number_of_connections()
    {
        await using var all = await TestRegistrars.StartAsync(1);
        var (_, _, url) = await all[0].RegisterAsync(new JsonObject { ["reverse"] = true });
        await using var app = new ReverseApp(all[0].ApiPort, url!, connections: 64);
        await Until.TrueAsync(() => all[0].Host.Lines.Count == 64, "64 connections");
        using var one = await ReverseApp.OpenAsync(all[0].ApiPort, url!);
        var answer = new byte[4096];
        var count = await one.ReceiveAsync(answer, TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 429", Encoding.ASCII.GetString(answer, 0, count), StringComparison.Ordinal);
    }

    /// <summary>An app that keeps some connections open and answers each request with its method and path.</summary>
    private sealed class ReverseApp : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task[] _serving;

        public ReverseApp(int port, string url, int connections) =>
            _serving = [.. Enumerable.Range(0, connections).Select(_ => Task.Run(() => KeepOpenAsync(port, url)))];

        public static async Task<Socket> OpenAsync(int port, string url)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {url}/connections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TestRegistrars.ShopToken}\r\nConnection: Upgrade\r\nUpgrade: opencluster-reverse\r\n\r\n"));
            return socket;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task KeepOpenAsync(int port, string url)
        {
            while (!_stop.IsCancellationRequested)
            {
                using var socket = await OpenAsync(port, url);
                var text = "";
                var buffer = new byte[4096];
                try
                {
                    while (true)
                    {
                        while (!text.Contains("\r\n\r\n", StringComparison.Ordinal))
                        {
                            var count = await socket.ReceiveAsync(buffer, _stop.Token);
                            if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
                            text += Encoding.ASCII.GetString(buffer, 0, count);
                        }
                        var head = text[..text.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
                        text = text[(head.Length + 4)..];
                        if (head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal)) continue;
                        var line = string.Join(' ', head.Split("\r\n")[0].Split(' ')[..2]);
                        await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {line.Length}\r\n\r\n{line}"), _stop.Token);
                    }
                }
                catch (Exception ended) when (ended is SocketException or OperationCanceledException)
                {
                    // Used up, or the test is over; the loop opens the next or ends.
                }
            }
        }
    }
}
