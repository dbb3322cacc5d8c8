namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>Python's ssl module as a client that comes twice.</summary>
internal static class PythonClient
{
    /// <summary>Asks twice, the second time with the session of the first, and tells of each whether it was resumed and which status came.</summary>
    public static Task<string> AskTwiceAsync(int port, string version, string authorities, string path = "/", string certificate = "", string key = "")
    {
        Tool.Need("python3");
        return Tool.RunAsync("python3", "-c", $"""
            import socket, ssl
            context = ssl.create_default_context(cafile="{authorities}")
            context.minimum_version = context.maximum_version = ssl.TLSVersion.{version}
            if "{certificate}": context.load_cert_chain("{certificate}", "{key}")
            session = None
            for turn in range(2):
                with context.wrap_socket(socket.create_connection(("127.0.0.1", {port})), server_hostname="localhost", session=session) as tls:
                    tls.sendall(b"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    answer = b"".join(iter(lambda: tls.recv(65536), b""))
                    print(tls.session_reused, answer.split(b" ")[1].decode())
                    session = tls.session
            """);
    }
}
