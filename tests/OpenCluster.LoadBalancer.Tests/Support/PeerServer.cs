using System.Net;
using System.Net.Sockets;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>nginx or HAProxy with a configuration of the test's, in a directory of its own; it ends with this.</summary>
internal sealed class PeerServer : IDisposable
{
    private readonly Tool _tool;
    private readonly string _directory;

    private PeerServer(Tool tool, string directory)
    {
        _tool = tool;
        _directory = directory;
    }

    /// <param name="servers">What is inside its <c>http</c> block.</param>
    public static Task<PeerServer> NginxAsync(int port, string servers) => StartAsync("nginx", port, $$"""
        daemon off; master_process off; pid nginx.pid; error_log stderr;
        events { worker_connections 256; }
        http {
          access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
          {{servers}}
        }
        """, file => ["-p", Path.GetDirectoryName(file)!, "-e", "stderr", "-c", file]);

    /// <param name="proxies">Its frontends, backends and listens.</param>
    public static Task<PeerServer> HaproxyAsync(int port, string proxies) => StartAsync("haproxy", port, $"""
        global
          maxconn 200
        defaults
          mode http
          timeout connect 5s
          timeout client 30s
          timeout server 30s
          timeout check 5s
        {proxies}

        """, file => ["-db", "-f", file]);

    public void Dispose()
    {
        _tool.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<PeerServer> StartAsync(string program, int port, string configuration, Func<string, string[]> arguments)
    {
        program = Tool.Find(program);
        var directory = Directory.CreateTempSubdirectory("oc-peer-").FullName;
        var file = Path.Combine(directory, "peer.conf");
        await File.WriteAllTextAsync(file, configuration);
        var tool = Tool.Start(program, arguments(file));
        await Until.TrueAsync(() => Listens(port), $"{program} listens at {port}: {tool.Output}");
        return new PeerServer(tool, directory);
    }

    private static bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
