using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Observing;

/// <summary>
/// One line per request, JSON or combined. A request writes its line into memory under a short lock; a loop of its own writes to the file.
/// Bounded: at most two buffers of <see cref="BufferBytes"/>; when the disk cannot keep up, lines are dropped and counted, never waited for.
/// A file that has reached its size is put aside as <c>.1</c>, and the one before it goes: twice the size is the most it takes of the disk.
/// </summary>
internal sealed class AccessLog : IAsyncDisposable
{
    private const int BufferBytes = 1 << 20;

    /// <summary>A line is at most about this long: texts from outside are cut.</summary>
    private const int LineBytes = 16 * 1024;
    private const int TextBytes = 512;
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(250);

    private readonly Lock _fillGate = new();
    private readonly TimeKeeper _keeper;
    private readonly string _path;
    private readonly long _mostBytes;
    private FileStream _file;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _full = new(0, 1);
    private readonly byte[] _time = new byte[64];
    private readonly Task _writing;
    private byte[] _filling = new byte[BufferBytes];
    private byte[] _spare = new byte[BufferBytes];
    private bool _spareIsFree = true;
    private int _filled;
    private int _timeLength;
    private long _timeMs = -1;
    private long _dropped;
    private long _failed;

    /// <param name="path">Appended to; created with mode 0640, since it holds clients' addresses.</param>
    /// <param name="mostBytes">Size at which the file is put aside. Default 64 MiB, some 250,000 requests.</param>
    public AccessLog(string path, TimeKeeper keeper, long mostBytes = 64L << 20)
    {
        (_path, _keeper, _mostBytes) = (path, keeper, mostBytes);
        _file = Open(path);
        _writing = Task.Run(WriteLoopAsync);
    }

    /// <summary>Lines lost because the disk was too slow or refused.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Writes that the file refused.</summary>
    public long WriteFailures => Interlocked.Read(ref _failed);

    /// <summary>How lines are written from here on.</summary>
    public AccessLogFormat Format { get; set; }

    public void Write(ClientConnection client, long microseconds)
    {
        lock (_fillGate)
        {
            // Only the loop swaps buffers: a full one means that it has not kept up.
            if (BufferBytes - _filled < LineBytes)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }
            var line = _filling.AsSpan(_filled);
            _filled += Format == AccessLogFormat.Combined ? CombinedLine.Write(client, _keeper.Now, line) : Line(client, microseconds, line);
            if (_filled > BufferBytes / 2 && _full.CurrentCount == 0) _full.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        _full.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        while (true)
        {
            // Waits for a buffer half full or for a while, whichever is first; the last round writes what is left.
            var last = _stop.IsCancellationRequested;
            if (!last) await ((Task)_full.WaitAsync(Often, _stop.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            byte[]? bytes = null;
            var count = 0;
            lock (_fillGate)
            {
                if (_filled > 0 && _spareIsFree)
                {
                    (bytes, count) = (_filling, _filled);
                    (_filling, _spare) = (_spare, _filling);
                    _spareIsFree = false;
                    _filled = 0;
                }
            }
            if (bytes is not null)
            {
                try
                {
                    await _file.WriteAsync(bytes.AsMemory(0, count)).ConfigureAwait(false);
                    if (_file.Length >= _mostBytes) PutAside();
                }
                catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
                {
                    // A full disk must not stop traffic; the count is in the metrics.
                    Interlocked.Increment(ref _failed);
                }
                lock (_fillGate) _spareIsFree = true;
            }
            if (last) return;
        }
    }

    /// <summary>A process that drains meanwhile goes on in the file it has open, under its new name.</summary>
    private void PutAside()
    {
        File.Move(_path, _path + ".1", overwrite: true);
        var fresh = Open(_path);
        _file.Dispose();
        _file = fresh;
    }

    private static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
    });

    private int Line(ClientConnection client, long microseconds, Span<byte> line)
    {
        var exchange = client.Exchange;
        var head = exchange.Head;
        var bytes = client.HeadBytes;
        var known = head.Error == Http.HeadError.None;
        var to = new LineWriter(line);
        to.Raw("{\"at\":\""u8);
        to.Raw(Now());
        to.Raw("\",\"id\":\""u8);
        to.Hex(exchange.Id);
        to.Raw("\",\"client\":\""u8);
        to.Ascii(client.Facts.RemoteText);
        if (known)
        {
            to.Raw("\",\"method\":\""u8);
            to.Text(bytes[..head.MethodLength], TextBytes);
            to.Raw("\",\"host\":\""u8);
            to.Text(head.Host(bytes), TextBytes);
            to.Raw("\",\"target\":\""u8);
            to.Text(head.Target(bytes), TextBytes * 2);
        }
        to.Raw("\",\"status\":"u8);
        to.Number(exchange.Status);
        to.Raw(",\"us\":"u8);
        to.Number(microseconds);
        to.Raw(",\"in\":"u8);
        to.Number(exchange.BytesIn);
        to.Raw(",\"out\":"u8);
        to.Number(exchange.BytesOut);
        if (exchange.Route is { } route)
        {
            to.Raw(",\"route\":\""u8);
            to.Ascii(route.Name);
            to.Raw("\""u8);
        }
        if (exchange.Slot is { } slot)
        {
            to.Raw(",\"instance\":\""u8);
            to.Ascii(slot.Key.Id);
            to.Raw("\""u8);
        }
        if (exchange.Tries > 1)
        {
            to.Raw(",\"tries\":"u8);
            to.Number(exchange.Tries);
        }
        if (exchange.Reason is { } reason)
        {
            to.Raw(",\"reason\":\""u8);
            to.Ascii(reason);
            to.Raw("\""u8);
        }
        to.Raw("}\n"u8);
        return to.Length;
    }

    /// <summary>The time to a tick of the keeper, formatted once for all requests of that tick.</summary>
    private ReadOnlySpan<byte> Now()
    {
        var now = _keeper.NowMs;
        if (now != _timeMs)
        {
            _timeMs = now;
            _keeper.Now.UtcDateTime.TryFormat(_time, out _timeLength, "yyyy-MM-ddTHH:mm:ss.fffZ");
        }
        return _time.AsSpan(0, _timeLength);
    }
}
