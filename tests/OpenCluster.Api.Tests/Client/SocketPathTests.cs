using System.Net.Sockets;
using OpenCluster.Api.Client;

namespace OpenCluster.Api.Tests.Client;

public sealed class SocketPathTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(150)]
    public async Task A_socket_is_bound_and_reached_however_long_its_path_is(int length)
    {
        var root = Directory.CreateTempSubdirectory("oc-socket-");
        var path = Path.Combine(root.CreateSubdirectory(new string('d', length)).FullName, "agent.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (var at = new SocketPath(path)) listener.Bind(at.EndPoint);
        listener.Listen(1);

        Assert.True(File.Exists(path));
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (var at = new SocketPath(path)) await client.ConnectAsync(at.EndPoint, TestContext.Current.CancellationToken);

        Assert.True(client.Connected);
        root.Delete(recursive: true);
    }
}
