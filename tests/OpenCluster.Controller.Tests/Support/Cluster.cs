namespace OpenCluster.Controller.Tests.Support;

/// <summary>Cluster files.</summary>
internal static class Cluster
{
    public const string TwoServers = """
        cluster: test
        settings: {heartbeat: 200ms, server-down-after: 2s}
        servers:
          web1: {roles: webserver, controller: true}
          web2: {roles: webserver}
        roles:
          webserver:
        services:
          hello:
            role: webserver
            run: sleep 1000
            instances: 2
            roll-out: {watch: 100ms}
            stop: {drain: 100ms, grace: 100ms}
        """;

    /// <summary>The same with the service built from a git repository.</summary>
    public static string FromGit(string repository, string branch = "main") => TwoServers.Replace(
        "    run: sleep 1000", $"    git: {repository}\n    run: sleep 1000\n    build: {{run: make}}\n    zones: {{default: {{branch: {branch}}}}}", StringComparison.Ordinal);
}
