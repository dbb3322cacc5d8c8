using System.Security.Cryptography;

namespace OpenCluster.Ssh;

/// <summary>The executable that is put on hosts: one file with everything in it.</summary>
internal sealed record OneFile(string Path, string Digest)
{
    /// <param name="given">Null for this very program.</param>
    /// <exception cref="IOException">It is not there, or is not the whole program in one file.</exception>
    public static async Task<OneFile> OfAsync(FileInfo? given, CancellationToken ct)
    {
        var path = given?.FullName ?? Environment.ProcessPath ?? throw new IOException("The path of this executable is not known; name it with --executable.");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path} does not exist.");
        // A developer's build is a small launcher beside its libraries.
        if (File.Exists(System.IO.Path.ChangeExtension(path, ".dll")) || File.Exists(path + ".dll"))
            throw new IOException($"{path} is a build of many files, and hosts get one. Make it with `dotnet publish src/OpenCluster -p:PublishProfile=SingleFile`, and name artifacts/single-file/opencluster with --executable.");
        var file = File.OpenRead(path);
        await using (file.ConfigureAwait(false)) return new OneFile(path, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct).ConfigureAwait(false)));
    }
}
