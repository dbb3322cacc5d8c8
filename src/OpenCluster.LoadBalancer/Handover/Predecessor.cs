using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using OpenCluster.Api.Client;

namespace OpenCluster.LoadBalancer.Handover;

/// <summary>The process that serves in this directory now, as the one that replaces it sees it.</summary>
internal sealed class Predecessor : IDisposable
{
    private readonly Socket _socket;

    private Predecessor(Socket socket, ImmutableArray<Socket> listeners)
    {
        _socket = socket;
        Listeners = listeners;
    }

    /// <summary>Its sockets of TCP and UDP: ours too from now on. Both accept until it is sent away.</summary>
    public ImmutableArray<Socket> Listeners { get; }

    /// <summary>Null when none runs, which includes one that died and left its socket behind.</summary>
    public static Predecessor? Find(string directory)
    {
        var path = HandoverPath.Of(directory);
        if (!File.Exists(path)) return null;
        var socket = HandoverPath.NewSocket();
        try
        {
            using (var at = new SocketPath(path)) socket.Connect(at.EndPoint);
            HandoverPath.Limit(socket);
            socket.Send(Encoding.ASCII.GetBytes(HandoverPath.Ask));
            var text = new byte[16 * 1024];
            // What each is, its kind and address, the kernel knows best.
            var (_, descriptors) = DescriptorPassing.Receive(socket, text);
            return new Predecessor(socket, [.. descriptors.Select(d => new Socket(new SafeSocketHandle(d, ownsHandle: true)))]);
        }
        catch (SocketException)
        {
            // Nobody answers behind the path: it died. Its ports are free then, or listening on them says what is the matter.
            socket.Dispose();
            return null;
        }
    }

    /// <summary>We accept: it may drain and go. Its word that it does is waited for, so that it no longer takes new connections after this.</summary>
    public void SendAway()
    {
        try
        {
            _socket.Send(Encoding.ASCII.GetBytes(HandoverPath.Drain));
            _socket.Receive(new byte[64]);
        }
        catch (SocketException)
        {
            // It died in between: then it is away.
        }
    }

    public void Dispose() => _socket.Dispose();
}
