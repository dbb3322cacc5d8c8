using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OpenCluster.Store.Journaling;

namespace OpenCluster.Store.Embedded;

/// <summary>
/// Keeps a directory to one process: an flock on its file <c>lock</c>, which holds the process's id for whoever comes second.
/// The kernel lets go of it when the process ends, however it ends, so nothing stale is ever left to clean up.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly SafeFileHandle handle;

    private DirectoryLock(SafeFileHandle handle) => this.handle = handle;

    /// <exception cref="StoreInUseException">Another process, or another store of this one, has it.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "lock");
        var opened = Libc.Open(path, Libc.ReadWrite | Libc.Create);
        try
        {
            if (!Libc.TryLock(opened, path))
                throw new StoreInUseException(directory, ReadPid(opened));
            RandomAccess.SetLength(opened, 0);
            RandomAccess.Write(opened, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
            return new DirectoryLock(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public void Dispose() => handle.Dispose();

    private static int? ReadPid(SafeFileHandle handle)
    {
        Span<byte> text = stackalloc byte[16];
        var length = RandomAccess.Read(handle, text, 0);
        return int.TryParse(text[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }
}
