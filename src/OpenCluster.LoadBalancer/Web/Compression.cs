using System.IO.Compression;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>Compresses texts when they are first asked for, once for all who ask. Blocks for milliseconds: not for a thread that carries connections.</summary>
internal static class Compression
{
    /// <summary>Smaller bodies fit into one packet as they are.</summary>
    private const int LeastBytes = 1024;

    /// <summary>Larger ones are sent as they are: compressing takes about 20 ms per MiB and kind, once, and the result stays in memory.</summary>
    public const int MostBytes = 8 << 20;

    /// <summary>Good for once: about as small as gzip's best, at a tenth of Brotli's full cost.</summary>
    private const int BrotliQuality = 5;

    private const int BrotliWindow = 22;

    public static bool IsWorthwhile(string contentType, long length) => length is >= LeastBytes and <= MostBytes && ContentTypes.IsText(contentType);

    /// <summary>Null when it gains less than a tenth.</summary>
    public static byte[]? Brotli(byte[] bytes)
    {
        var to = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, to, out var written, BrotliQuality, BrotliWindow) ? Gain(bytes, to.AsSpan(0, written)) : null;
    }

    /// <inheritdoc cref="Brotli"/>
    public static byte[]? Gzip(byte[] bytes)
    {
        var to = new MemoryStream(bytes.Length / 2);
        using (var gzip = new GZipStream(to, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(bytes);
        return Gain(bytes, to.GetBuffer().AsSpan(0, (int)to.Length));
    }

    private static byte[]? Gain(byte[] bytes, ReadOnlySpan<byte> compressed) => compressed.Length < bytes.Length * 9L / 10 ? compressed.ToArray() : null;
}
