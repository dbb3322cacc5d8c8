using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A target on a plain socket that does with each request what the test says, well or badly.</summary>
internal sealed class RawTarget : IAsyncDisposable
{
    private readonly Socket _listening;
    private readonly Func<RawRequest, Task> _serve;
    private readonly List<Socket> _open = [];
    private int _requests;

    public RawTarget(Func<RawRequest, Task> serve, int port = 0)
    {
        _serve = serve;
        _listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listening.ReuseAddress();
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listening.Listen(512);
        Port = ((IPEndPoint)_listening.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Requests received, checks by TCP connect not among them.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public int Connections { get; private set; }

    public static RawTarget Answering(string body, int status = 200) => new(request => request.AnswerAsync(status, body));

    public ValueTask DisposeAsync()
    {
        _listening.Dispose();
        lock (_open)
        {
            foreach (var socket in _open) Abort(socket);
            _open.Clear();
        }
        return default;
    }

    private static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (ObjectDisposedException)
        {
            // The test closed it just now.
        }
        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listening.AcceptAsync();
                socket.NoDelay = true;
                Connections++;
                lock (_open) _open.Add(socket);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var received = new List<byte>();
        var buffer = new byte[65536];
        try
        {
            while (true)
            {
                int end;
                while ((end = Encoding.Latin1.GetString([.. received]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
                {
                    var count = await socket.ReceiveAsync(buffer);
                    if (count == 0) return;
                    received.AddRange(buffer.AsSpan(0, count));
                }
                var head = Encoding.Latin1.GetString([.. received.Take(end + 4)]);
                received.RemoveRange(0, end + 4);
                Interlocked.Increment(ref _requests);
                var request = new RawRequest(socket, head, received, buffer);
                await _serve(request);
                if (request.Closed) return;
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
        }
        finally
        {
            lock (_open) _open.Remove(socket);
            socket.Dispose();
        }
    }
}

/// <summary>A request as the target got it.</summary>
internal sealed class RawRequest(Socket socket, string head, List<byte> received, byte[] buffer)
{
    public string Head => head;
    public Socket Socket => socket;
    public bool Closed { get; private set; }
    public string Line => head[..head.IndexOf("\r\n", StringComparison.Ordinal)];
    public string Target => Line.Split(' ')[1];

    public string? Field(string name) =>
        head.Split("\r\n").Skip(1).Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim()).FirstOrDefault();

    public Task SendAsync(string text) => socket.SendAsync(Encoding.Latin1.GetBytes(text));

    public Task AnswerAsync(int status, string body, string fields = "") =>
        SendAsync($"HTTP/1.1 {status} Fine\r\nContent-Length: {body.Length}\r\n{fields}\r\n{(Line.StartsWith("HEAD", StringComparison.Ordinal) ? "" : body)}");

    /// <summary>The body, by Content-Length or chunks.</summary>
    public async Task<string> BodyAsync()
    {
        if (Field("Transfer-Encoding") == "chunked")
        {
            var body = new StringBuilder();
            while (true)
            {
                var size = Convert.ToInt32((await LineAsync()).Split(';')[0], 16);
                if (size == 0) break;
                body.Append(await TakeAsync(size));
                await LineAsync();
            }
            while (await LineAsync() != "")
            {
            }
            return body.ToString();
        }
        return await TakeAsync(int.Parse(Field("Content-Length") ?? "0"));
    }

    public async Task<string> TakeAsync(int count)
    {
        while (received.Count < count) await MoreAsync();
        var text = Encoding.Latin1.GetString([.. received.Take(count)]);
        received.RemoveRange(0, count);
        return text;
    }

    public void Close()
    {
        Closed = true;
        socket.Close();
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        Close();
    }

    private async Task<string> LineAsync()
    {
        int end;
        while ((end = received.IndexOf((byte)'\n')) < 0) await MoreAsync();
        return (await TakeAsync(end + 1)).TrimEnd('\r', '\n');
    }

    private async Task MoreAsync()
    {
        var count = await socket.ReceiveAsync(buffer);
        if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
        received.AddRange(buffer.AsSpan(0, count));
    }
}
