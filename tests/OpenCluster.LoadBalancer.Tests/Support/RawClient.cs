using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A client on a plain socket: sends what it is told, byte for byte, and reads answers.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly List<byte> _received = [];
    private readonly byte[] _buffer = new byte[65536];

    public RawClient(int port)
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket.Connect(IPAddress.Loopback, port);
    }

    public Socket Socket { get; }

    public Task SendAsync(string text) => Socket.SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>False when the other side has closed.</summary>
    public async Task<bool> TrySendAsync(string text)
    {
        try
        {
            await SendAsync(text);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async Task<RawAnswer> AskAsync(string text)
    {
        await SendAsync(text);
        return await ReadAsync(toHead: text.StartsWith("HEAD", StringComparison.Ordinal));
    }

    public Task<RawAnswer> GetAsync(string target = "/", string fields = "") => AskAsync($"GET {target} HTTP/1.1\r\nHost: test\r\n{fields}\r\n");

    /// <summary>The next answer, interim ones included.</summary>
    public async Task<RawAnswer> ReadAsync(bool toHead = false)
    {
        int end;
        while ((end = Text.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0) await MoreAsync();
        var head = Text[..(end + 4)];
        _received.RemoveRange(0, end + 4);
        var status = int.Parse(head.Split(' ')[1]);
        var answer = new RawAnswer(status, head, "");
        if (toHead || status is < 200 or 204 or 304) return answer;
        if (answer.Field("Transfer-Encoding") == "chunked") return answer with { Body = await ChunksAsync() };
        if (answer.Field("Content-Length") is { } length) return answer with { Body = await TakeAsync(int.Parse(length)) };
        return answer with { Body = await RestAsync() };
    }

    /// <summary>The head of the next answer; its body stays to be taken.</summary>
    public async Task<string> HeadAsync()
    {
        int end;
        while ((end = Text.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0) await MoreAsync();
        return await TakeAsync(end + 4);
    }

    /// <summary>Waits until what was received and not yet read holds a text; any byte if it is empty.</summary>
    public async Task UntilAsync(string text = "")
    {
        while (_received.Count == 0 || !Text.Contains(text, StringComparison.Ordinal)) await MoreAsync();
    }

    /// <summary>Everything until the connection ends.</summary>
    public async Task<string> RestAsync()
    {
        while (await TryMoreAsync())
        {
        }
        var text = Text;
        _received.Clear();
        return text;
    }

    /// <summary>Everything until the connection ends or is reset, which it is when the other side closes with something of ours unread.</summary>
    public async Task<string> RestOrResetAsync()
    {
        try
        {
            return await RestAsync();
        }
        catch (SocketException)
        {
            return Text;
        }
    }

    public async Task<string> TakeAsync(int count)
    {
        while (_received.Count < count) await MoreAsync();
        var text = Encoding.Latin1.GetString([.. _received.Take(count)]);
        _received.RemoveRange(0, count);
        return text;
    }

    public void Dispose() => Socket.Dispose();

    private string Text => Encoding.Latin1.GetString([.. _received]);

    private async Task<string> ChunksAsync()
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

    private async Task<string> LineAsync()
    {
        int end;
        while ((end = _received.IndexOf((byte)'\n')) < 0) await MoreAsync();
        return (await TakeAsync(end + 1)).TrimEnd('\r', '\n');
    }

    private async Task MoreAsync()
    {
        if (!await TryMoreAsync()) throw new EndOfStreamException("the connection ended; received: " + Text);
    }

    private async Task<bool> TryMoreAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var count = await Socket.ReceiveAsync(_buffer, patience.Token);
        _received.AddRange(_buffer.AsSpan(0, count));
        return count > 0;
    }
}

internal sealed record RawAnswer(int Status, string Head, string Body)
{
    public string? Field(string name) =>
        Head.Split("\r\n").Skip(1).Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim()).FirstOrDefault();
}
