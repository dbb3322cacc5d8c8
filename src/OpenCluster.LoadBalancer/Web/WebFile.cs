using System.Text;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>A file as it is served: its facts, the header lines they give, and its bytes when it is small. Immutable; looked at again after a while.</summary>
internal sealed class WebFile
{
    /// <summary>Larger files are read at each request.</summary>
    public const int KeptBytes = 256 * 1024;

    private WebFile(string path, string entityTag, long length, DateTimeOffset modified, byte[] fields, byte[]? bytes, long checkedMs)
    {
        Path = path;
        EntityTag = entityTag;
        TagBytes = Encoding.ASCII.GetBytes(entityTag);
        Length = length;
        Modified = modified;
        Fields = fields;
        Bytes = bytes;
        CheckedMs = checkedMs;
    }

    public string Path { get; }
    public string EntityTag { get; }
    public byte[] TagBytes { get; }
    public long Length { get; }
    /// <summary>To the second, as HTTP knows it.</summary>
    public DateTimeOffset Modified { get; }
    /// <summary>Header lines without status, length and range.</summary>
    public byte[] Fields { get; }
    public byte[]? Bytes { get; }
    public long CheckedMs { get; private set; }
    /// <summary>Compressed beside it as <c>.br</c> or <c>.gz</c>.</summary>
    public WebFile? Brotli { get; private init; }
    public WebFile? Gzip { get; private init; }

    /// <summary>Reads facts, and bytes if small. Blocks: not for a completion's thread.</summary>
    /// <exception cref="IOException"/>
    public static WebFile Read(string path, long nowMs)
    {
        var (brotli, gzip) = (Compressed(path, ".br", "br", nowMs), Compressed(path, ".gz", "gzip", nowMs));
        return Read(path, ContentTypes.Of(path), encoding: null, brotli, gzip, nowMs);
    }

    /// <summary>Whether the file is still what was read. Blocks.</summary>
    public bool IsStill(long nowMs)
    {
        var info = new FileInfo(Path);
        if (!info.Exists || TagOf(info, "") != EntityTag || HasNewer(Brotli, ".br") || HasNewer(Gzip, ".gz")) return false;
        CheckedMs = nowMs;
        return true;
    }

    private bool HasNewer(WebFile? compressed, string extension)
    {
        var info = new FileInfo(Path + extension);
        return compressed is null ? info.Exists : !info.Exists || TagOf(info, extension[1..]) != compressed.EntityTag;
    }

    private static WebFile? Compressed(string path, string extension, string encoding, long nowMs) =>
        File.Exists(path + extension) ? Read(path + extension, ContentTypes.Of(path), encoding, null, null, nowMs) : null;

    private static WebFile Read(string path, string type, string? encoding, WebFile? brotli, WebFile? gzip, long nowMs)
    {
        var info = new FileInfo(path);
        var modified = new DateTimeOffset(info.LastWriteTimeUtc.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var tag = TagOf(info, encoding is null ? "" : System.IO.Path.GetExtension(path)[1..]);
        var bytes = info.Length <= KeptBytes ? File.ReadAllBytes(path) : null;
        var fields = new StringBuilder()
            .Append("Content-Type: ").Append(type).Append("\r\nETag: ").Append(tag).Append("\r\nLast-Modified: ").Append(modified.ToString("R"))
            .Append("\r\nAccept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n");
        if (encoding is not null) fields.Append("Content-Encoding: ").Append(encoding).Append("\r\n");
        if (encoding is not null || brotli is not null || gzip is not null) fields.Append("Vary: Accept-Encoding\r\n");
        return new WebFile(path, tag, bytes?.Length ?? info.Length, modified, Encoding.ASCII.GetBytes(fields.ToString()), bytes, nowMs) { Brotli = brotli, Gzip = gzip };
    }

    private static string TagOf(FileInfo info, string suffix) => $"\"{info.Length:x}-{info.LastWriteTimeUtc.Ticks:x}{suffix}\"";
}
