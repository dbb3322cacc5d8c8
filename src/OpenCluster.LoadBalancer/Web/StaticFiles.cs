using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using OpenCluster.LoadBalancer.Forwarding;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>
/// Serves the files below one directory: index pages, validators (RFC 9110 §13), single ranges (§14), files compressed beforehand.
/// Small files stay in memory, looked at again every second, so that a hot one costs no call of the file system.
/// </summary>
internal sealed class StaticFiles : RouteStep
{
    private const long LookAgainMs = 1000;
    private const int PieceBytes = 128 * 1024;

    /// <summary>Bytes of files kept in memory; beyond that others are read each time.</summary>
    private const long MostKeptBytes = 64L << 20;

    private const int MostFiles = 20_000;

    private readonly string _root;
    private readonly ConcurrentDictionary<string, WebFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WebFile>.AlternateLookup<ReadOnlySpan<char>> _byPath;
    private long _kept;

    private StaticFiles(string root)
    {
        _root = root;
        _byPath = _files.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The files below a directory, which may itself be a link (to the current release): it is followed now, so the old cache serves only while it leads to the same.</summary>
    public static StaticFiles Below(string directory, StaticFiles? before)
    {
        var info = new DirectoryInfo(directory);
        var root = (info.LinkTarget is null ? info.FullName : info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? info.FullName).TrimEnd('/');
        return before is not null && before._root == root ? before : new StaticFiles(root);
    }

    public override async ValueTask<bool> TryAnswerAsync(ClientConnection client)
    {
        await AnswerAsync(client).ConfigureAwait(false);
        return true;
    }

    private async ValueTask AnswerAsync(ClientConnection client)
    {
        var exchange = client.Exchange;
        exchange.Close |= !exchange.IsBodyRead;
        if (exchange.Head.Method is not (RequestMethod.Get or RequestMethod.Head))
        {
            await LocalAnswer.SendAsync(client, 405, "only GET and HEAD are served here", "Allow: GET, HEAD\r\n").ConfigureAwait(false);
            return;
        }

        if (Find(client) is { } hot)
        {
            await SendAsync(client, hot).ConfigureAwait(false);
            return;
        }

        var path = SafePath.Decode(PathOf(client));
        if (path is null)
        {
            await LocalAnswer.SendAsync(client, 404, "no such file").ConfigureAwait(false);
            return;
        }
        // The file system may block: not on the thread that carries other connections.
        var found = await Task.Run(() => Look(path, client.Stages.Keeper.NowMs)).ConfigureAwait(false);
        if (found.Redirect) await RedirectAsync(client).ConfigureAwait(false);
        else if (found.File is null) await LocalAnswer.SendAsync(client, 404, "no such file").ConfigureAwait(false);
        else await SendAsync(client, found.File).ConfigureAwait(false);
    }

    /// <summary>The path as sent, without what the route strips.</summary>
    private static ReadOnlySpan<byte> PathOf(ClientConnection client)
    {
        var path = client.Exchange.Head.Path(client.HeadBytes)[client.Exchange.StripLength..];
        return path.IsEmpty ? "/"u8 : path;
    }

    /// <summary>A file in memory, if the path is plain ASCII and it was looked at lately.</summary>
    private WebFile? Find(ClientConnection client)
    {
        var path = PathOf(client);
        if (path.Length > 256) return null;
        Span<char> text = stackalloc char[path.Length];
        if (Encoding.Latin1.GetChars(path, text) != path.Length) return null;
        return _byPath.TryGetValue(text, out var file) && client.Stages.Keeper.NowMs - file.CheckedMs < LookAgainMs ? file : null;
    }

    private (WebFile? File, bool Redirect) Look(string path, long nowMs)
    {
        if (_files.TryGetValue(path, out var known))
        {
            if (known.IsStill(nowMs)) return (known, false);
            Forget(path, known);
        }

        var resolved = SafePath.Resolve(_root, path);
        if (resolved is null) return default;
        if (Directory.Exists(resolved))
        {
            if (!path.EndsWith('/')) return (null, File.Exists(Path.Combine(resolved, "index.html")));
            resolved = SafePath.Resolve(_root, path + "index.html");
            if (resolved is null || Directory.Exists(resolved)) return default;
        }
        else if (path.EndsWith('/'))
        {
            return default;
        }

        try
        {
            var file = WebFile.Read(resolved, nowMs);
            Keep(path, file);
            return (file, false);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // Gone or forbidden between two looks: for the client, not there.
            return default;
        }
    }

    private void Keep(string path, WebFile file)
    {
        // A name with a % in it is never what Find compares, which sees the path as sent.
        if (path.Contains('%') || _files.Count >= MostFiles || Interlocked.Read(ref _kept) + SizeOf(file) > MostKeptBytes) return;
        if (_files.TryAdd(path, file)) Interlocked.Add(ref _kept, SizeOf(file));
    }

    private void Forget(string path, WebFile file)
    {
        if (_files.TryRemove(new KeyValuePair<string, WebFile>(path, file))) Interlocked.Add(ref _kept, -SizeOf(file));
    }

    private static long SizeOf(WebFile file) => (file.Bytes?.Length ?? 0) + (file.Brotli?.Bytes?.Length ?? 0) + (file.Gzip?.Bytes?.Length ?? 0) + 1024;

    private static async ValueTask SendAsync(ClientConnection client, WebFile found)
    {
        var to = new ByteWriter();
        to.Open();
        try
        {
            var (file, range) = Head(client, found, to);
            var sendsBody = client.Exchange.Status is 200 or 206 && client.Exchange.Head.Method == RequestMethod.Get;
            if (sendsBody && file.Bytes is { } bytes) to.Write(bytes.AsSpan((int)range.First, (int)range.Length));
            await client.SendAsync(to.Written).ConfigureAwait(false);
            if (sendsBody && file.Bytes is null) await SendFromDiskAsync(client, file, range).ConfigureAwait(false);
        }
        finally
        {
            to.Release();
        }
    }

    private static (WebFile File, ByteRange Range) Head(ClientConnection client, WebFile found, ByteWriter to)
    {
        var exchange = client.Exchange;
        var fields = exchange.Head.Fields;
        var bytes = client.HeadBytes;
        var file = Negotiate(found, fields.Value(bytes, FieldId.AcceptEncoding));
        var range = new ByteRange(RangeKind.Whole, 0, file.Length);
        if (Conditions.IsUnchanged(file.TagBytes, file.Modified, fields, bytes))
        {
            exchange.Status = 304;
            to.Write("HTTP/1.1 304 Not Modified\r\n"u8);
        }
        else
        {
            if (fields.Has(FieldId.Range) && Conditions.IfRangeHolds(file.TagBytes, file.Modified, fields.Value(bytes, FieldId.IfRange))) range = ByteRange.Of(fields.Value(bytes, FieldId.Range), file.Length);
            exchange.Status = range.Kind switch { RangeKind.Part => 206, RangeKind.Unsatisfiable => 416, _ => 200 };
            to.Write(range.Kind switch
            {
                RangeKind.Part => "HTTP/1.1 206 Partial Content\r\nContent-Length: "u8,
                RangeKind.Unsatisfiable => "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: "u8,
                _ => "HTTP/1.1 200 OK\r\nContent-Length: "u8,
            });
            to.Write(range.Length);
            to.Write("\r\n"u8);
            if (range.Kind != RangeKind.Whole) range.WriteField(to, file.Length);
        }
        to.Write(file.Fields);
        if (exchange.Close) to.Write("Connection: close\r\n"u8);
        else if (exchange.Head.IsHttp10) to.Write("Connection: keep-alive\r\n"u8);
        to.Write("\r\n"u8);
        return (file, range);
    }

    private static async Task SendFromDiskAsync(ClientConnection client, WebFile file, ByteRange range)
    {
        using var handle = File.OpenHandle(file.Path, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (long sent = 0; sent < range.Length;)
            {
                var count = await RandomAccess.ReadAsync(handle, piece.AsMemory(0, (int)Math.Min(piece.Length, range.Length - sent)), range.First + sent).ConfigureAwait(false);
                if (count == 0)
                {
                    // It has become shorter since its length was sent: the client must not take the part for the whole.
                    client.Exchange.Reason = "the file shrank while it was sent";
                    client.Exchange.Close = true;
                    client.Abort();
                    return;
                }
                await client.SendAsync(piece.AsMemory(0, count)).ConfigureAwait(false);
                sent += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static WebFile Negotiate(WebFile file, ReadOnlySpan<byte> accepted)
    {
        if (file is { Brotli: null, Gzip: null } || accepted.IsEmpty) return file;
        if (file.Brotli is not null && Accepts(accepted, "br"u8)) return file.Brotli;
        return file.Gzip is not null && Accepts(accepted, "gzip"u8) ? file.Gzip : file;
    }

    /// <summary>RFC 9110 §12.5.3: named, and not with a weight of zero.</summary>
    private static bool Accepts(ReadOnlySpan<byte> accepted, ReadOnlySpan<byte> coding)
    {
        while (!accepted.IsEmpty)
        {
            var comma = accepted.IndexOf((byte)',');
            var item = Grammar.Trim(comma < 0 ? accepted : accepted[..comma]);
            accepted = comma < 0 ? default : accepted[(comma + 1)..];
            var semicolon = item.IndexOf((byte)';');
            var name = Grammar.Trim(semicolon < 0 ? item : item[..semicolon]);
            if (!Ascii.EqualsIgnoreCase(name, coding)) continue;
            var weight = semicolon < 0 ? "q=1"u8 : Grammar.Trim(item[(semicolon + 1)..]);
            return weight is not [(byte)'q' or (byte)'Q', (byte)'=', (byte)'0', ..] || weight[3..].ContainsAnyExcept((byte)'0', (byte)'.');
        }
        return false;
    }

    /// <summary>A directory without its slash: relative links of its page would lead astray.</summary>
    private static ValueTask RedirectAsync(ClientConnection client)
    {
        var head = client.Exchange.Head;
        var target = Encoding.Latin1.GetString(head.Target(client.HeadBytes));
        // "//host" would be taken for another host.
        var location = "/" + target[..head.PathLength].TrimStart('/') + "/" + target[head.PathLength..];
        return LocalAnswer.SendAsync(client, 301, "a directory's page has a slash at its end", $"Location: {location}\r\n");
    }
}
