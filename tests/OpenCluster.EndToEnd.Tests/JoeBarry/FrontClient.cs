using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpenCluster.EndToEnd.Tests.JoeBarry;

/// <summary>What a client saw.</summary>
internal sealed record Seen(int Status, string Body, HttpResponseHeaders Headers);

/// <summary>
/// Clients of the example: they ask by the site's real names, and the names lead to the load-balancer that the test chose, as DNS would. Each
/// request has a connection of its own.
/// </summary>
internal sealed class FrontClient(string certificates) : IDisposable
{
    private readonly HttpClient _own = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <param name="from">The address that the client has.</param>
    /// <param name="certificate">Which of the script's certificates it shows.</param>
    public async Task<Seen> AskAsync(Front front, HttpMethod method, string url, string? body = null, string? token = null, string from = "127.0.0.1", string? certificate = null)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectCallback = (context, ct) => ConnectAsync(front, from, context.DnsEndPoint.Port, ct) };
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(certificates, "authority.pem"));
        handler.SslOptions.CertificateChainPolicy = policy;
        using var own = certificate is null ? null : X509Certificate2.CreateFromPemFile(Path.Combine(certificates, certificate + ".pem"), Path.Combine(certificates, certificate + ".key"));
        if (own is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(15) };
        using var request = new HttpRequestMessage(method, url);
        if (body is not null) request.Content = new StringContent(body);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Seen((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), answer.Headers);
    }

    public Task<Seen> GetAsync(Front front, string url, string? token = null, string from = "127.0.0.1", string? certificate = null) =>
        AskAsync(front, HttpMethod.Get, url, null, token, from, certificate);

    /// <summary>A page of the load-balancer's own, at the address of its process.</summary>
    public Task<string> OwnPageAsync(Front front, string path) =>
        _own.GetStringAsync(new Uri($"http://{front.Address}:{front.MetricsPort}{path}"), TestContext.Current.CancellationToken);

    /// <summary>Sends bytes to a port of a load-balancer's server and reads until what came ends as wanted, or it ends.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<string> TalkAsync(Front front, int port, string say, string until)
    {
        using var client = new TcpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        await client.ConnectAsync(IPAddress.Parse(front.Address), port, limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(say), limit.Token);
        var heard = new StringBuilder();
        var piece = new byte[4096];
        while (!heard.ToString().EndsWith(until, StringComparison.Ordinal) && await stream.ReadAsync(piece, limit.Token) is > 0 and var count)
            heard.Append(Encoding.ASCII.GetString(piece, 0, count));
        return heard.ToString();
    }

    public void Dispose() => _own.Dispose();

    private static async ValueTask<Stream> ConnectAsync(Front front, string from, int port, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            await socket.ConnectAsync(IPAddress.Parse(front.Address), port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
