using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.LoadBalancer.Http2;
using OpenCluster.LoadBalancer.Http2.Frames;
using OpenCluster.LoadBalancer.Http2.Hpack;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>One frame as received.</summary>
internal sealed record RawFrame(FrameType Type, FrameFlags Flags, int StreamId, byte[] Payload)
{
    public ErrorCode Code => (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(Payload.AsSpan(Type == FrameType.GoAway ? 4 : 0));

    public bool EndsStream => (Flags & FrameFlags.EndStream) != FrameFlags.None;
}

/// <summary>One side of HTTP/2 on a plain socket that sends frames as told, right or wrong, and reads what comes back.</summary>
internal sealed class RawHttp2 : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly Socket _socket;
    private readonly HpackDecoder _decoder = new();
    private readonly byte[] _buffer = new byte[65536];
    private readonly List<byte> _received = [];

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>A client.</summary>
    public RawHttp2(int port)
        : this(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)) => _socket.Connect(IPAddress.Loopback, port);

    private RawHttp2(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
    }

    /// <summary>Everything received so far, in order.</summary>
    public List<RawFrame> Frames { get; } = [];

    /// <summary>Connected, greeted, and the server's greeting read.</summary>
    public static async Task<RawHttp2> OpenAsync(int port, params (SettingId Id, uint Value)[] settings)
    {
        var client = new RawHttp2(port);
        await client.SendAsync(ServerConnection.ClientPreface.ToArray());
        await client.SendAsync(Settings(settings));
        await client.UntilAsync(f => f.Type == FrameType.Settings && f.Flags == FrameFlags.None);
        await client.SendAsync(Frame(FrameType.Settings, FrameFlags.Ack, 0));
        return client;
    }

    /// <summary>A server: the client's greeting read and its own sent. Null when there comes none, as from a check by TCP connect.</summary>
    public static async Task<RawHttp2?> AcceptAsync(Socket accepted, params (SettingId Id, uint Value)[] settings)
    {
        var server = new RawHttp2(accepted);
        while (server._received.Count < ServerConnection.ClientPreface.Length)
            if (!await server.TryReadAsync(greeted: false)) return null;
        Assert.Equal(ServerConnection.ClientPreface.ToArray(), server._received.Take(ServerConnection.ClientPreface.Length));
        server._received.RemoveRange(0, ServerConnection.ClientPreface.Length);
        server.Cut();
        await server.SendAsync(Settings(settings));
        await server.UntilAsync(f => f.Type == FrameType.Settings && f.Flags == FrameFlags.None);
        await server.SendAsync(Frame(FrameType.Settings, FrameFlags.Ack, 0));
        return server;
    }

    public static byte[] Frame(FrameType type, FrameFlags flags, int streamId, params byte[] payload)
    {
        var frame = new byte[FrameHeader.Bytes + payload.Length];
        new FrameHeader(payload.Length, type, flags, streamId).Write(frame);
        payload.CopyTo(frame, FrameHeader.Bytes);
        return frame;
    }

    public static byte[] Settings(params (SettingId Id, uint Value)[] settings)
    {
        var payload = new byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++) OpenCluster.LoadBalancer.Http2.Frames.Settings.Write(payload.AsSpan(i * 6), settings[i].Id, settings[i].Value);
        return Frame(FrameType.Settings, FrameFlags.None, 0, payload);
    }

    /// <summary>A block of literals that touches no table.</summary>
    public static byte[] Block(params (string Name, string Value)[] fields)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            block.Add(0);
            Text(block, name);
            Text(block, value);
        }
        return [.. block];
    }

    public static (string, string)[] Request(string method = "GET", string path = "/", params (string, string)[] more) =>
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", "test"), .. more];

    public static byte[] Get(int streamId, string path = "/", params (string, string)[] more) =>
        Frame(FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, streamId, Block(Request("GET", path, more)));

    /// <summary>The head of an answer, with trailers nothing but those.</summary>
    public static byte[] Head(int streamId, bool ends, params (string, string)[] fields) =>
        Frame(FrameType.Headers, ends ? FrameFlags.EndHeaders | FrameFlags.EndStream : FrameFlags.EndHeaders, streamId, Block(fields));

    public static byte[] GoAway(int lastStreamId, ErrorCode code = ErrorCode.NoError) =>
        Frame(FrameType.GoAway, FrameFlags.None, 0, [.. Number((uint)lastStreamId), .. Number((uint)code)]);

    public static byte[] Post(int streamId, string path = "/", params (string, string)[] more) =>
        Frame(FrameType.Headers, FrameFlags.EndHeaders, streamId, Block(Request("POST", path, more)));

    public static byte[] Data(int streamId, string text, bool ends = false) =>
        Frame(FrameType.Data, ends ? FrameFlags.EndStream : FrameFlags.None, streamId, Encoding.Latin1.GetBytes(text));

    public static byte[] Number(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }

    public static byte[] Window(int streamId, uint increment) => Frame(FrameType.WindowUpdate, FrameFlags.None, streamId, Number(increment));

    public static byte[] Reset(int streamId, ErrorCode code = ErrorCode.Cancel) => Frame(FrameType.RstStream, FrameFlags.None, streamId, Number((uint)code));

    public async Task SendAsync(params byte[][] pieces)
    {
        var all = pieces.SelectMany(p => p).ToArray();
        await _turn.WaitAsync();
        try
        {
            for (var sent = 0; sent < all.Length;) sent += await _socket.SendAsync(all.AsMemory(sent));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends although the other side may have closed by now.</summary>
    public async Task TrySendAsync(params byte[][] pieces)
    {
        try
        {
            await SendAsync(pieces);
        }
        catch (SocketException)
        {
            // It has: what the test is about to find out.
        }
    }

    /// <summary>Reads until a frame that fits has come; null when the connection ended first.</summary>
    public async Task<RawFrame?> FindAsync(Func<RawFrame, bool> fits)
    {
        var seen = 0;
        while (true)
        {
            for (; seen < Frames.Count; seen++)
                if (fits(Frames[seen])) return Frames[seen];
            if (!await TryReadAsync()) return null;
        }
    }

    /// <summary>The frame of that number; null when the connection ends before it. However long that takes.</summary>
    public async Task<RawFrame?> FindNextAsync(int number)
    {
        while (Frames.Count <= number)
            if (!await TryReadAsync(patient: true)) return null;
        return Frames[number];
    }

    public async Task<RawFrame> UntilAsync(Func<RawFrame, bool> fits) =>
        await FindAsync(fits) ?? throw new EndOfStreamException("the connection ended; received: " + string.Join(", ", Frames));

    /// <summary>The whole answer on a stream.</summary>
    public async Task<RawHttp2Answer> AnswerAsync(int streamId)
    {
        await UntilAsync(f => f.StreamId == streamId && (f.EndsStream && f.Type is FrameType.Headers or FrameType.Data || f.Type == FrameType.RstStream));
        return Answer(streamId);
    }

    /// <summary>What has come of it so far.</summary>
    public RawHttp2Answer Answer(int streamId)
    {
        var frames = Frames.Where(f => f.StreamId == streamId).ToList();
        return new RawHttp2Answer(
            [.. frames.Where(f => f.Type == FrameType.Headers).Select(f => _heads[f])],
            string.Concat(frames.Where(f => f.Type == FrameType.Data).Select(f => Encoding.Latin1.GetString(f.Payload))),
            frames.FirstOrDefault(f => f.Type == FrameType.RstStream)?.Code);
    }

    /// <summary>Whether the connection still lives: it answers a PING.</summary>
    public async Task<bool> PongsAsync()
    {
        var mark = BitConverter.GetBytes(Random.Shared.NextInt64());
        await TrySendAsync(Frame(FrameType.Ping, FrameFlags.None, 0, mark));
        return await FindAsync(f => f.Type == FrameType.Ping && f.Flags == FrameFlags.Ack && f.Payload.AsSpan().SequenceEqual(mark)) is not null;
    }

    public async Task EndAsync()
    {
        while (await TryReadAsync())
        {
        }
    }

    public Dictionary<string, string> HeadOf(RawFrame frame) => _heads[frame];

    public void Dispose() => _socket.Dispose();

    private readonly Dictionary<RawFrame, Dictionary<string, string>> _heads = new(ReferenceEqualityComparer.Instance);

    private async Task<bool> TryReadAsync(bool greeted = true, bool patient = false)
    {
        using var patience = new CancellationTokenSource(patient ? Timeout.InfiniteTimeSpan : Patience);
        int count;
        try
        {
            count = await _socket.ReceiveAsync(_buffer, patience.Token);
        }
        catch (SocketException)
        {
            return false;
        }
        _received.AddRange(_buffer.AsSpan(0, count));
        if (greeted) Cut();
        return count > 0;
    }

    private void Cut()
    {
        while (_received.Count >= FrameHeader.Bytes)
        {
            var header = FrameHeader.Read([.. _received.Take(FrameHeader.Bytes)]);
            if (_received.Count < FrameHeader.Bytes + header.Length) break;
            var frame = new RawFrame(header.Type, header.Flags, header.StreamId, [.. _received.Skip(FrameHeader.Bytes).Take(header.Length)]);
            _received.RemoveRange(0, FrameHeader.Bytes + header.Length);
            if (frame.Type == FrameType.Headers) _heads[frame] = Decode(frame.Payload);
            Frames.Add(frame);
        }
    }

    private Dictionary<string, string> Decode(byte[] block)
    {
        var fields = new Fields();
        Assert.True(_decoder.TryDecode(block, fields));
        return fields.All;
    }

    private static void Text(List<byte> block, string text)
    {
        Span<byte> length = stackalloc byte[8];
        block.AddRange(length[..HpackInteger.Write(length, 0, 7, text.Length)]);
        block.AddRange(Encoding.Latin1.GetBytes(text));
    }

    private sealed class Fields : IFieldSink
    {
        public Dictionary<string, string> All { get; } = [];

        public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => All[Encoding.Latin1.GetString(name)] = Encoding.Latin1.GetString(value);
    }
}

/// <param name="Heads">Interim ones, the final one, trailers.</param>
internal sealed record RawHttp2Answer(List<Dictionary<string, string>> Heads, string Body, ErrorCode? Reset)
{
    public int Status => Heads.Count == 0 ? 0 : int.Parse(Heads.Last(h => h.ContainsKey(":status"))[":status"]);
}
