using System.Net.Sockets;
using System.Text;

namespace OpenCluster.Api.Client;

/// <summary>
/// Address of a Unix socket whose path may be of any length. The kernel takes 107 bytes (unix(7)), and a cluster's directory may lie
/// deeper: a longer path is reached through a link in the directory for temporary files. Needed only while binding or connecting.
/// </summary>
public sealed class SocketPath : IDisposable
{
    private const int MostBytes = 107;
    private readonly DirectoryInfo? _passage;

    public SocketPath(string path)
    {
        var reached = path;
        if (Encoding.UTF8.GetByteCount(path) > MostBytes)
        {
            // For its owner alone, so that nobody else can lead us to a socket of theirs.
            _passage = Directory.CreateTempSubdirectory("oc-");
            var link = Path.Combine(_passage.FullName, "d");
            Directory.CreateSymbolicLink(link, Path.GetDirectoryName(Path.GetFullPath(path))!);
            reached = Path.Combine(link, Path.GetFileName(path));
        }

        EndPoint = new UnixDomainSocketEndPoint(reached);
    }

    public UnixDomainSocketEndPoint EndPoint { get; }

    public void Dispose() => _passage?.Delete(recursive: true);
}
