using System.Collections.Immutable;
using System.Text;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>A file as it is served: its facts, the header lines they give, its bytes when it is small, and the same compressed. Looked at again after a while.</summary>
internal sealed class WebFile
{
    /// <summary>Larger files are read at each request.</summary>
    public const int KeptBytes = 256 * 1024;

    private readonly string _path;
    private readonly string _stamp;

    private WebFile(string path, Coding? coding, string stamp, long length, DateTimeOffset modified, byte[]? bytes)
    {
        _path = path;
        _stamp = stamp;
        Coding = coding;
        Length = length;
        Modified = modified;
        Bytes = bytes;
        EntityTag = Encoding.ASCII.GetBytes(coding is null ? $"\"{stamp}\"" : $"\"{stamp}{coding.Name}\"");
    }

    public string Path => _path;
    /// <summary>Null for the file as it is.</summary>
    public Coding? Coding { get; }
    public byte[] EntityTag { get; }
    public long Length { get; }
    /// <summary>To the second, as HTTP knows it.</summary>
    public DateTimeOffset Modified { get; }
    /// <summary>Header lines without status, length and range.</summary>
    public byte[] Fields { get; private set; } = [];
    /// <summary>Null for a file that is read at each request.</summary>
    public byte[]? Bytes { get; }
    public long CheckedMs { get; private set; }
    /// <summary>The same compressed, as files beside it or in memory; the best first.</summary>
    public ImmutableArray<WebFile> Compressed { get; private set; } = [];

    /// <summary>Memory it takes, roughly.</summary>
    public long Size => 1024 + (Bytes?.Length ?? 0) + Compressed.Sum(c => c.Size);

    /// <summary>Reads facts, bytes if small, and sees to it that texts can be sent compressed. Blocks: not for a completion's thread.</summary>
    /// <param name="cacheControl">What clients are told about keeping it.</param>
    /// <param name="compress">Texts that lie there uncompressed alone are compressed in memory.</param>
    /// <exception cref="IOException"/>
    public static WebFile Read(string path, string cacheControl, bool compress, long nowMs)
    {
        var type = ContentTypes.Of(path);
        var file = Read(path, path, coding: null);
        var beside = Coding.All.Where(c => IsThere(new FileInfo(path + c.Extension))).Select(c => Read(path, path + c.Extension, c)).ToImmutableArray();
        file.Compressed = beside.IsEmpty && compress && Compression.IsWorthwhile(type, file.Length) ? file.InMemory() : beside;
        file.CheckedMs = nowMs;
        foreach (var one in file.Compressed.Add(file)) one.Fields = one.Describe(type, cacheControl, varies: file.Compressed.Length > 0);
        return file;
    }

    /// <summary>The best for a client, by its Accept-Encoding.</summary>
    public WebFile For(ReadOnlySpan<byte> accepted)
    {
        if (accepted.IsEmpty || Compressed.IsEmpty) return this;
        var best = this;
        var most = 0;
        foreach (var one in Compressed)
        {
            var weight = one.Coding!.WeightIn(accepted);
            if (weight > most) (best, most) = (one, weight);
        }
        return best;
    }

    /// <summary>Whether the file and what lies beside it are still what was read. Blocks.</summary>
    public bool IsStill(long nowMs)
    {
        var info = new FileInfo(_path);
        if (!info.Exists || StampOf(info) != _stamp) return false;
        foreach (var coding in Coding.All)
        {
            var beside = new FileInfo(_path + coding.Extension);
            var known = Compressed.FirstOrDefault(c => c.Coding == coding && c._path == beside.FullName);
            if (known is null ? IsThere(beside) : !IsThere(beside) || StampOf(beside) != known._stamp) return false;
        }
        CheckedMs = nowMs;
        return true;
    }

    private static WebFile Read(string original, string path, Coding? coding)
    {
        var info = new FileInfo(path);
        var modified = new DateTimeOffset(info.LastWriteTimeUtc.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var bytes = info.Length <= KeptBytes ? File.ReadAllBytes(path) : null;
        return new WebFile(path, coding, StampOf(info), bytes?.Length ?? info.Length, modified, bytes);
    }

    private ImmutableArray<WebFile> InMemory()
    {
        var bytes = Bytes ?? File.ReadAllBytes(_path);
        return
        [
            .. new[] { (Coding.Brotli, Compression.Brotli(bytes)), (Coding.Gzip, Compression.Gzip(bytes)) }
                .Where(c => c.Item2 is not null)
                .Select(c => new WebFile(_path, c.Item1, _stamp, c.Item2!.Length, Modified, c.Item2)),
        ];
    }

    private byte[] Describe(string type, string cacheControl, bool varies)
    {
        var fields = new StringBuilder()
            .Append("Content-Type: ").Append(type).Append("\r\nETag: ").Append(Encoding.ASCII.GetString(EntityTag)).Append("\r\nLast-Modified: ").Append(Modified.ToString("R"))
            .Append("\r\nCache-Control: ").Append(cacheControl).Append("\r\nAccept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n");
        if (Coding is not null) fields.Append("Content-Encoding: ").Append(Coding.Name).Append("\r\n");
        if (varies) fields.Append("Vary: Accept-Encoding\r\n");
        return Encoding.ASCII.GetBytes(fields.ToString());
    }

    /// <summary>A link is not followed here: it could lead out of the site.</summary>
    private static bool IsThere(FileInfo beside) => beside.Exists && beside.LinkTarget is null;

    private static string StampOf(FileInfo info) => $"{info.Length:x}-{info.LastWriteTimeUtc.Ticks:x}";
}
