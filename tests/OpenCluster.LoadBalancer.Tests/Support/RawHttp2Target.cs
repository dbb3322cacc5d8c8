using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.LoadBalancer.Http2.Frames;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>A target that speaks HTTP/2 with prior knowledge, frame for frame as told. Windows are given back as bodies come, unless told otherwise.</summary>
internal sealed class RawHttp2Target : IAsyncDisposable
{
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<RawHttp2Request, Task> _serve;
    private readonly (SettingId, uint)[] _settings;
    private readonly List<RawHttp2> _connections = [];
    private int _requests;
    private int _open;

    public RawHttp2Target(Func<RawHttp2Request, Task> serve, params (SettingId, uint)[] settings)
    {
        _serve = serve;
        _settings = settings;
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen(512);
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Connections that greeted; checks by TCP connect are not among them.</summary>
    public int Connections
    {
        get
        {
            lock (_connections) return _connections.Count;
        }
    }

    /// <summary>Connections that are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Whether PINGs are answered.</summary>
    public bool Pongs { get; set; } = true;

    /// <summary>Whether windows are given back.</summary>
    public bool Reads { get; set; } = true;

    public static RawHttp2Target Answering(string body) => new(request => request.AnswerAsync(200, body));

    public ValueTask DisposeAsync()
    {
        _listening.Dispose();
        lock (_connections) _connections.ForEach(c => c.Dispose());
        return default;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listening.AcceptAsync());
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        using var connection = await RawHttp2.AcceptAsync(accepted, _settings);
        if (connection is null) return;
        lock (_connections) _connections.Add(connection);
        var open = new Dictionary<int, RawHttp2Request>();
        var seen = 0;
        Interlocked.Increment(ref _open);
        try
        {
            while (await connection.FindNextAsync(seen) is { } frame)
            {
                seen++;
                switch (frame.Type)
                {
                    case FrameType.Headers when !open.ContainsKey(frame.StreamId):
                        Interlocked.Increment(ref _requests);
                        var request = open[frame.StreamId] = new RawHttp2Request(connection, frame.StreamId, connection.HeadOf(frame));
                        request.Take(frame, null);
                        _ = _serve(request);
                        break;
                    case FrameType.Headers:
                        open[frame.StreamId].Take(frame, connection.HeadOf(frame));
                        break;
                    case FrameType.Data:
                        open[frame.StreamId].Take(frame, null);
                        if (Reads && frame.Payload.Length > 0)
                            await connection.SendAsync(RawHttp2.Window(0, (uint)frame.Payload.Length), RawHttp2.Window(frame.StreamId, (uint)frame.Payload.Length));
                        break;
                    case FrameType.RstStream when open.TryGetValue(frame.StreamId, out var reset):
                        reset.Take(frame, null);
                        break;
                    case FrameType.Ping when Pongs && frame.Flags == FrameFlags.None:
                        await connection.SendAsync(RawHttp2.Frame(FrameType.Ping, FrameFlags.Ack, 0, frame.Payload));
                        break;
                }
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}

/// <summary>A request as such a target got it.</summary>
internal sealed class RawHttp2Request(RawHttp2 connection, int streamId, Dictionary<string, string> head)
{
    private readonly TaskCompletionSource<string> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ErrorCode> _reset = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _received = new();

    public RawHttp2 Connection => connection;
    public int StreamId => streamId;
    public Dictionary<string, string> Head => head;
    public string Path => head[":path"];
    public Dictionary<string, string>? Trailers { get; private set; }

    /// <summary>The body, once the stream has ended.</summary>
    public Task<string> Body => _body.Task;

    /// <summary>Why the balancer gave the stream up, once it has.</summary>
    public Task<ErrorCode> Reset => _reset.Task;

    /// <summary>Bytes of the body so far.</summary>
    public int Received
    {
        get
        {
            lock (_received) return _received.Length;
        }
    }

    public Task AnswerAsync(int status, string body, params (string, string)[] fields) =>
        SendAsync(
            RawHttp2.Head(streamId, body.Length == 0, [(":status", status.ToString()), ("content-length", body.Length.ToString()), .. fields]),
            body.Length == 0 ? [] : RawHttp2.Data(streamId, body, true));

    public Task SendAsync(params byte[][] frames) => connection.SendAsync(frames);

    public void Take(RawFrame frame, Dictionary<string, string>? trailers)
    {
        lock (_received)
        {
            if (frame.Type == FrameType.Data) _received.Append(Encoding.Latin1.GetString(frame.Payload));
            Trailers ??= trailers;
            if (frame.Type == FrameType.RstStream) _reset.TrySetResult(frame.Code);
            else if (frame.EndsStream) _body.TrySetResult(_received.ToString());
        }
    }
}
