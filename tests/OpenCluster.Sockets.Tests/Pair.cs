using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenCluster.Sockets.Tests;

/// <summary>Two connected ends on the loopback address: the near one as the kernel's calls made it, the far one .NET's.</summary>
internal sealed class Pair : IDisposable
{
    private readonly byte[] address = new byte[PeerAddress.Bytes];

    public Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Far.Connect(listener.LocalEndPoint!);
        Near = Kernel.Accept((int)listener.Handle, address);
    }

    public int Near { get; }

    public Socket Far { get; }

    /// <summary>The far end's address as the near one was told it.</summary>
    public IPEndPoint Peer => PeerAddress.Read(address);

    public void FarSends(string text) => Assert.Equal(text.Length, Far.Send(Encoding.ASCII.GetBytes(text)));

    public void Dispose()
    {
        Kernel.Close(Near);
        Far.Dispose();
    }
}
