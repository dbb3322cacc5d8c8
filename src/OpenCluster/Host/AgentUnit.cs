namespace OpenCluster.Host;

/// <summary>The systemd unit (systemd.unit(5), systemd.exec(5)) that keeps an agent up on a real server.</summary>
internal static class AgentUnit
{
    public const string Name = "opencluster-agent.service";

    /// <param name="executable">This very program; absolute, without spaces.</param>
    /// <param name="directory">The agent's own.</param>
    /// <remarks>
    /// Only the agent is a child of systemd's to end (KillMode=process): instances live on across its restarts. It ends with 0 only when it
    /// was told to stop everything, and then stays down. The agent is root because services run as users of their own; nothing it starts
    /// gains more than it has, and the system's own files are read-only to all of it.
    /// </remarks>
    public static string Text(string executable, string directory) => $"""
        [Unit]
        Description=OpenCluster agent
        Wants=network-online.target
        After=network-online.target
        StartLimitIntervalSec=60
        StartLimitBurst=10

        [Service]
        Type=exec
        ExecStart={executable} agent --directory {directory}
        Restart=on-failure
        RestartSec=1
        KillMode=process
        Delegate=yes
        LimitNOFILE=1048576
        LimitCORE=0
        NoNewPrivileges=yes
        ProtectSystem=full
        ProtectHome=read-only
        ProtectKernelModules=yes
        ProtectKernelLogs=yes
        ProtectClock=yes
        ProtectHostname=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        SystemCallArchitectures=native

        [Install]
        WantedBy=multi-user.target

        """;
}
