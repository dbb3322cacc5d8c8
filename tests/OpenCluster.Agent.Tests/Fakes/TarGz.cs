using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Tests.Fakes;

/// <summary>Archives, good and bad, made for a test.</summary>
internal static class TarGz
{
    public static byte[] Of(params TarEntry[] entries) => Compress(Plain(entries));

    public static byte[] Plain(params TarEntry[] entries)
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, leaveOpen: true))
            foreach (var entry in entries) tar.WriteEntry(entry);
        return bytes.ToArray();
    }

    public static byte[] Compress(byte[] plain)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(plain);
        return bytes.ToArray();
    }

    public static TarEntry File(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite) =>
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Mode = mode };

    public static TarEntry Link(string name, string target) => new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target };

    public static ReleaseRef Release(byte[] archive, int number = 1) =>
        new($"svc-1.r{number}", number, Convert.ToHexStringLower(SHA256.HashData(archive)), archive.Length, null);
}
