using System.Security.Cryptography;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>
/// Something read from files and read again when they change. What cannot be used is refused and told, and what was read before stays.
/// </summary>
/// <param name="paths">All are read together: a certificate and its key.</param>
/// <param name="read">Throws what reading and parsing throw, or <see cref="UnusableFileException"/> with a sentence for the owner.</param>
internal sealed class FileValue<T>(string[] paths, Func<T> read) : IFileValue where T : class
{
    private readonly Lock _readGate = new();
    private string _seen = "";
    private T? _current;
    private string? _problem;

    /// <summary>Null until the files could be used once.</summary>
    public T? Current => Volatile.Read(ref _current);

    public string? Problem => Volatile.Read(ref _problem);

    public bool Refresh()
    {
        lock (_readGate)
        {
            // Before reading: what changes meanwhile is seen as changed the next time.
            var stamp = string.Join('|', paths.Select(Stamp));
            if (stamp == _seen) return false;
            _seen = stamp;
            try
            {
                Volatile.Write(ref _current, read());
                Volatile.Write(ref _problem, null);
                return true;
            }
            catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or UnusableFileException)
            {
                Volatile.Write(ref _problem, Words(unusable));
                return false;
            }
        }
    }

    private string Words(Exception unusable) => unusable switch
    {
        UnusableFileException own => own.Message,
        FileNotFoundException or DirectoryNotFoundException => $"{paths.FirstOrDefault(p => !File.Exists(p)) ?? paths[0]} does not exist",
        UnauthorizedAccessException => $"{string.Join(" or ", paths)} may not be read by user {Environment.UserName}",
        _ => $"{string.Join(" with ", paths)} cannot be used: {unusable.Message}",
    };

    private static string Stamp(string path)
    {
        // Through symbolic links: programs that renew certificates switch those.
        var file = new FileInfo(path);
        var at = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return at.Exists ? $"{at.FullName} {at.LastWriteTimeUtc.Ticks} {at.Length}" : "-";
    }
}

/// <summary>A value from files, whatever it is.</summary>
internal interface IFileValue
{
    /// <summary>Why what the files hold now is not in use; null when it is. A sentence that names the file.</summary>
    string? Problem { get; }

    /// <summary>Reads the files if they have changed. True when there is a new value. Blocks on the disk.</summary>
    bool Refresh();
}

/// <summary>A file was read and what it holds is of no use.</summary>
internal sealed class UnusableFileException(string message) : Exception(message);
