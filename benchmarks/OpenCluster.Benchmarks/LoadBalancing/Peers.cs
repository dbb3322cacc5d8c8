using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.LoadBalancing;

/// <summary>
/// The peers and the backend, each set up as its own documentation recommends for the job: one worker, connections to the backend
/// kept, no access log (which ours keeps on). The same settings as anyone measuring proxies on one core would write.
/// </summary>
internal static class Peers
{
    /// <summary>nginx answers from memory up to this size; larger bodies are a file with an open-file cache.</summary>
    private const int InlineBodyBytes = 2048;

    public static Child Backend(WorkDirectory work, Workload load, int port) => Nginx("backend", work, load.BodyBytes <= InlineBodyBytes
        ? $"server {{ listen 127.0.0.1:{port}; location / {{ default_type text/plain; return 200 \"{new string('x', load.BodyBytes)}\"; }} }}"
        : $"server {{ listen 127.0.0.1:{port}; root {work.Path}/www; open_file_cache max=10; location / {{ default_type text/plain; try_files /body =404; }} }}");

    /// <summary>Null for a relay of bytes, for which nginx needs a module that not every package has.</summary>
    public static Child? Nginx(WorkDirectory work, Workload load, int port, int backend)
    {
        if (load.Speaks == Speaks.Tcp) return null;
        if (load.Static) return Nginx("nginx", work, $"server {{ listen 127.0.0.1:{port}; root {work.Path}/www; open_file_cache max=10; }}");
        var tls = load.IsSecure ? $"ssl_certificate {work.Path}/crt; ssl_certificate_key {work.Path}/key;" : "";
        return Nginx("nginx", work, $$"""
           upstream b { server 127.0.0.1:{{backend}}; keepalive 128; keepalive_requests 100000000; }
           server {
             listen 127.0.0.1:{{port}}{{(load.IsSecure ? " ssl" : "")}}{{(load.Speaks == Speaks.Http2 ? " http2" : "")}}; {{tls}}
             location / { proxy_pass http://b; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
           }
           """);
    }

    /// <summary>Null for files, of which HAProxy serves none.</summary>
    public static Child? HaProxy(WorkDirectory work, Workload load, int port, int backend)
    {
        if (load.Static) return null;
        var tls = load.IsSecure ? $" ssl crt {work.Path}/pem alpn {(load.Speaks == Speaks.Http2 ? "h2,http/1.1" : "http/1.1")}" : "";
        var file = work.Write("haproxy.cfg", $"""
            global
             nbthread 1
             maxconn 4000
            defaults
             mode {(load.Speaks == Speaks.Tcp ? "tcp" : "http")}
             timeout connect 5s
             timeout client 30s
             timeout server 30s
             {(load.Speaks == Speaks.Tcp ? "" : "http-reuse always")}
            listen f
             bind 127.0.0.1:{port}{tls}
             server s 127.0.0.1:{backend} check inter 2s

            """);
        return Child.Start("haproxy", work.Path, "haproxy", ["-f", file, "-db"]);
    }

    /// <summary>Null for a relay of bytes, which Caddy does not know.</summary>
    public static Child? Caddy(WorkDirectory work, Workload load, int port, int backend)
    {
        if (load.Speaks == Speaks.Tcp) return null;
        var site = load.Static ? $"root * {work.Path}/www\n file_server" : $"reverse_proxy 127.0.0.1:{backend}";
        var tls = load.IsSecure ? $" tls {work.Path}/crt {work.Path}/key\n" : "";
        var file = work.Write("Caddyfile", $"{{\n admin off\n auto_https off\n}}\n{(load.IsSecure ? "https" : "http")}://127.0.0.1:{port} {{\n{tls} {site}\n}}\n");
        // Go starts as many runners as the machine has CPUs, which costs it time when it may use one.
        return Child.Start("caddy", work.Path, "caddy", ["run", "--config", file, "--adapter", "caddyfile"], ("GOMAXPROCS", "1"), ("HOME", work.Path));
    }

    private static Child Nginx(string name, WorkDirectory work, string servers)
    {
        // As root the worker must stay root to read the directory of this run.
        var user = Environment.IsPrivilegedProcess ? "user root;" : "";
        var own = $"{work.Path}/{name}";
        var file = work.Write(name + ".conf", $$"""
            {{user}} pid {{own}}.pid; error_log /dev/null; worker_processes 1; events { worker_connections 8192; }
            http {
              access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on;
              client_body_temp_path {{own}}.t1; proxy_temp_path {{own}}.t2; fastcgi_temp_path {{own}}.t3; uwsgi_temp_path {{own}}.t4; scgi_temp_path {{own}}.t5;
              {{servers}}
            }

            """);
        return Child.Start(name, work.Path, "nginx", ["-c", file, "-g", "daemon off;"]);
    }
}
