using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;

namespace OpenCluster.Ssh;

/// <summary>
/// Hosts become servers, several at once: (1) met and judged, (2) given the executable, (3) joined by a line that is good once, (4) seen to
/// report. What is a server of this cluster already is left as it is.
/// </summary>
internal sealed class HostJoining(ApiClient api, OneFile file, SshOptions options, HostProgress progress, TimeProvider time)
{
    /// <summary>At once; each costs the copying of one file.</summary>
    private const int AtOnce = 8;
    private const int LineMinutes = 10;
    private static readonly TimeSpan ReportWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs a step for every host, <see cref="AtOnce"/> together; what goes wrong at one says nothing of the others.</summary>
    public static async Task<IReadOnlyList<HostOutcome>> EachAsync(IReadOnlyList<SshTarget> targets, Func<SshTarget, CancellationToken, Task<HostOutcome>> work, CancellationToken ct)
    {
        var outcomes = new HostOutcome[targets.Count];
        await Parallel.ForAsync(0, targets.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (i, token) =>
        {
            try
            {
                outcomes[i] = await work(targets[i], token).ConfigureAwait(false);
            }
            catch (Exception wrong) when (wrong is SshException or ProblemException or UnreachableException or IOException)
            {
                outcomes[i] = new HostOutcome(targets[i], false, wrong.Message);
            }
        }).ConfigureAwait(false);
        return outcomes;
    }

    /// <summary>All steps for one host.</summary>
    /// <param name="address">That services there listen at; null for the one that reaches the controller.</param>
    /// <exception cref="SshException">The host cannot be used.</exception>
    /// <exception cref="ProblemException">The controller refuses.</exception>
    public async Task<HostOutcome> JoinAsync(SshTarget target, string? address, CancellationToken ct)
    {
        progress.Tell(target, $"connecting to {target.Login}");
        var host = await RemoteHost.MeetAsync(target, options, time, ct).ConfigureAwait(false);
        try
        {
            return await JoinAsync(host, address, ct).ConfigureAwait(false);
        }
        finally
        {
            await host.CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The same for a host that has been met.</summary>
    public async Task<HostOutcome> JoinAsync(RemoteHost host, string? address, CancellationToken ct)
    {
        var target = host.Target;
        if (host.Facts.Server is { } known) return Known(target, known, await api.ServersAsync(ct).ConfigureAwait(false));
        host.Judge([], progress);
        progress.Tell(target, "copying the executable");
        await host.BringAsync(file, ct).ConfigureAwait(false);
        progress.Tell(target, "joining");
        var line = await api.NewJoinTokenAsync(target.Name, new JoinTokenRequest(LineMinutes, Why: $"server add --ssh {target.Login}"), ct).ConfigureAwait(false);
        await host.JoinAsync(line.Line, address, ct).ConfigureAwait(false);
        return await ReportsAsync(target, ct).ConfigureAwait(false)
            ? new HostOutcome(target, true, "joined, and reports")
            : new HostOutcome(target, true, "joined; the cluster file does not name it yet, so nothing is placed there");
    }

    private static HostOutcome Known(SshTarget target, string known, IEnumerable<ServerView> servers) => servers.FirstOrDefault(s => s.Id == known || s.Name == known) switch
    {
        null => new HostOutcome(target, false, $"this host is a server already (\"{known}\"), and not one of this cluster: `opencluster uninstall` there takes that away"),
        { } other when other.Name != target.Name => new HostOutcome(target, false, $"this host is server {other.Name} already"),
        { Health: "alive" } => new HostOutcome(target, true, "is this server already; nothing was changed"),
        _ => new HostOutcome(target, false, "is this server already, but does not report: `journalctl -u opencluster-agent` there says why"),
    };

    /// <returns>False when the cluster file does not name it.</returns>
    private async Task<bool> ReportsAsync(SshTarget target, CancellationToken ct)
    {
        progress.Tell(target, "waiting for its first report");
        for (var began = time.GetTimestamp(); ; await Task.Delay(Look, time, ct).ConfigureAwait(false))
        {
            var server = (await api.ServersAsync(ct).ConfigureAwait(false)).FirstOrDefault(s => s.Name == target.Name);
            if (server is null) return false;
            if (server.Health == "alive") return true;
            if (time.GetElapsedTime(began) > ReportWithin)
                throw new SshException($"it has joined but did not report within {ReportWithin.TotalSeconds:0} s: `journalctl -u opencluster-agent` there says why");
        }
    }
}
