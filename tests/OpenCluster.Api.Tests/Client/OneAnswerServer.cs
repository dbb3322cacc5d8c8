using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenCluster.Api.Tests.Client;

/// <summary>A server on a free loopback port that answers each request with the next of the texts it was given, byte for byte, and keeps the requests' heads.</summary>
internal sealed class OneAnswerServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Queue<string> _answers;
    private readonly Task _serving;

    /// <param name="answers">Heads and bodies. One that ends with <c>…</c> leaves the connection open after it.</param>
    public OneAnswerServer(params string[] answers)
    {
        _answers = new(answers);
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _serving = ServeAsync();
    }

    public Uri Url { get; }

    public List<string> Requests { get; } = [];

    public static string Json(int status, string body, string type = "application/json") =>
        $"HTTP/1.1 {status} Said\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    public static string Events(string events) => $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{events}";

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _serving;
        _ending.Dispose();
    }

    private async Task ServeAsync()
    {
        var open = new List<TcpClient>();
        try
        {
            while (_answers.TryDequeue(out var answer))
            {
                var client = await _listener.AcceptTcpClientAsync(_ending.Token);
                open.Add(client);
                Requests.Add(await HeadAsync(client.GetStream()));
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(answer.TrimEnd('…')), _ending.Token);
                if (!answer.EndsWith('…')) client.Close();
            }

            await Task.Delay(Timeout.Infinite, _ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
        finally
        {
            foreach (var client in open) client.Dispose();
        }
    }

    private async Task<string> HeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, _ending.Token);
            if (read == 0) break;
            head.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return head.ToString();
    }
}
