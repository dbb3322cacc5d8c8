using System.Globalization;
using System.Text;

namespace OpenCluster.Benchmarks.Control;

/// <summary>The cluster file of the control benchmark: so many servers, a service with an instance on each.</summary>
internal static class SimulatedCluster
{
    public static string ServerName(int number) => string.Create(CultureInfo.InvariantCulture, $"s{number:0000}");

    /// <param name="heartbeat">The one thing that changes: it stands in every server's assignment and restarts nothing.</param>
    public static string File(int servers, TimeSpan heartbeat)
    {
        var file = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $$"""
            cluster: bench
            settings: {heartbeat: {{heartbeat.TotalMilliseconds}}ms, server-down-after: 10s}
            roles:
              app: {}
              management: {}
            services:
              idle: {role: app, run: exec sleep infinity, instances: {{Math.Min(servers, 1000)}}, roll-out: {at-once: 100, watch: 1s} }
            servers:
              ctl: {roles: management, controller: true}

            """));
        for (var i = 1; i <= servers; i++) file.Append("  ").Append(ServerName(i)).Append(": {roles: app}\n");
        return file.ToString();
    }
}
