using System.Globalization;

namespace OpenCluster.Ssh;

/// <summary>What a host says of itself before anything is put on it.</summary>
internal sealed record HostFacts
{
    /// <summary>Distribution and version by os-release(5): <c>debian 12</c>.</summary>
    public string System { get; init; } = "";
    /// <summary>As uname(1) has it.</summary>
    public string Architecture { get; init; } = "";
    public long MemoryBytes { get; init; }
    /// <summary>Free where the agent's directory will be.</summary>
    public long DiskBytes { get; init; }
    /// <summary>The host's clock minus ours.</summary>
    public TimeSpan ClockAhead { get; init; }
    public bool Systemd { get; init; }
    /// <summary>Whoever logs in is root, or may be by sudo without a password.</summary>
    public bool Root { get; init; }
    public bool Sudo { get; init; }
    /// <summary>Commands that an agent needs and that are not there.</summary>
    public IReadOnlyList<string> Lacking { get; init; } = [];
    /// <summary>TCP ports on which something listens.</summary>
    public IReadOnlySet<int> Listening { get; init; } = new HashSet<int>();
    /// <summary>The server that this host is already, by id or name; null when it is none.</summary>
    public string? Server { get; init; }
    /// <summary>SHA-256 of the executable that is there; empty for none.</summary>
    public string Executable { get; init; } = "";

    /// <summary>Where the executable and the agent's directory are put.</summary>
    public const string ExecutablePath = "/usr/local/bin/opencluster";
    public const string AgentDirectory = "/var/lib/opencluster/agent";

    /// <summary>For any POSIX shell; prints a line for each fact and changes nothing.</summary>
    public const string Script = $$"""
        if [ "$(id -u)" = 0 ]; then echo root=yes; S=; elif sudo -n true 2>/dev/null; then echo sudo=yes; S="sudo -n"; fi
        (. /etc/os-release 2>/dev/null; echo "system=$ID $VERSION_ID")
        echo "architecture=$(uname -m)"
        echo "memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
        echo "disk=$(df -Pk /var/lib | sed -n '2p' | { read -r _ _ _ free _; echo "$free"; })"
        echo "clock=$(date +%s.%N)"
        [ -d /run/systemd/system ] && echo systemd=yes
        for c in setsid setpriv prlimit tar nice ionice; do command -v "$c" >/dev/null 2>&1 || echo "lacking=$c"; done
        cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _; do [ "$state" = 0A ] && echo "listening=${local##*:}"; done
        echo "server=$($S sed -n 's/^.*"serverId": *"\([^"]*\)".*$/\1/p' {{AgentDirectory}}/agent.json 2>/dev/null)"
        [ -f {{ExecutablePath}} ] && echo "executable=$(sha256sum {{ExecutablePath}} | cut -d' ' -f1)"
        exit 0
        """;

    /// <param name="asked">When the question was sent and when its answer came: the host looked at its clock in between.</param>
    public static HostFacts Parse(string output, (DateTimeOffset Sent, DateTimeOffset Got) asked)
    {
        var said = output.Split('\n').Select(l => l.Split('=', 2)).Where(p => p.Length == 2).ToLookup(p => p[0], p => p[1].Trim(), StringComparer.Ordinal);
        string One(string key) => said[key].FirstOrDefault() ?? "";
        long Kibi(string key) => long.TryParse(One(key), CultureInfo.InvariantCulture, out var kibi) ? kibi << 10 : 0;
        var clock = double.TryParse(One("clock"), CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : asked.Got;
        return new HostFacts
        {
            System = One("system"),
            Architecture = One("architecture"),
            MemoryBytes = Kibi("memory"),
            DiskBytes = Kibi("disk"),
            ClockAhead = clock > asked.Got ? clock - asked.Got : clock < asked.Sent ? clock - asked.Sent : TimeSpan.Zero,
            Systemd = One("systemd") == "yes",
            Root = One("root") == "yes",
            Sudo = One("sudo") == "yes",
            Lacking = [.. said["lacking"]],
            Listening = said["listening"].Select(hex => int.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port) ? port : 0).ToHashSet(),
            Server = One("server") is { Length: > 0 } server ? server : null,
            Executable = One("executable"),
        };
    }
}
