using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using OpenCluster.Agent.Processes;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Instances;

/// <summary>Asks an instance by whatever kind of check its owner chose. Always answers within the check's time limit.</summary>
internal sealed class InstanceChecks(InstanceWorld world)
{
    public Task<ProbeAnswer> AskAsync(InstanceOrder order, HealthCheck check, int port, ImmutableSortedDictionary<string, int> ports, CancellationToken ct)
    {
        if (check.Kind is CheckKind.Command) return CommandAsync(order, check, ports, ct);
        if (port is 0) return Task.FromResult(new ProbeAnswer(false, false, $"it has no port named \"{check.Port}\" that could be asked"));
        if (!IPAddress.TryParse(order.Address, out var address)) return Task.FromResult(new ProbeAnswer(false, false, $"\"{order.Address}\" is not an IP address"));
        if (address.Equals(IPAddress.Any)) address = IPAddress.Loopback;
        return HealthProbe.AskAsync(check, address, port, world.Time, ct);
    }

    private async Task<ProbeAnswer> CommandAsync(InstanceOrder order, HealthCheck check, ImmutableSortedDictionary<string, int> ports, CancellationToken ct)
    {
        Process process;
        try
        {
            process = (world.Start.Prepare(order, ports) with { Command = ["/bin/sh", "-c", check.Command], Log = "/dev/null" }).Start();
        }
        catch (Exception refused) when (refused is AgentException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return new ProbeAnswer(false, false, $"the check command could not be started: {refused.Message}");
        }
        using var limit = new CancellationTokenSource(check.Timeout, world.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await process.WaitForExitAsync(either.Token);
            return process.ExitCode is 0
                ? new ProbeAnswer(true, true, "the check command succeeded")
                : new ProbeAnswer(false, true, $"the check command exited with code {process.ExitCode}");
        }
        catch (OperationCanceledException)
        {
            return new ProbeAnswer(false, true, $"the check command did not end within {check.Timeout.TotalSeconds:0.##} s");
        }
        finally
        {
            new Session(process.Id, "").Kill(others: false);
            process.Dispose();
        }
    }
}
