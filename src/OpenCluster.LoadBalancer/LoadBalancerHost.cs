using System.Net;
using OpenCluster.LoadBalancer.Configuration;
using OpenCluster.LoadBalancer.Handover;
using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Observing;
using OpenCluster.LoadBalancer.Registration;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer;

/// <summary>
/// A balancer process from start to end:
/// 1. The last good snapshot from disk, or the first from the controller when there is none.
/// 2. Its peers are asked once, within <see cref="FirstNews"/>, which apps have registered meanwhile. Every target is checked once, within <see cref="FirstChecks"/>, before anything is accepted.
/// 3. Listeners: from the process before, if one still runs in this directory, else opened. It is then told to drain.
/// 4. New snapshots, reports, metrics, and the next process that asks for the listeners.
/// 5. When told to stop, or when a successor has taken over: drain and return.
/// </summary>
public static class LoadBalancerHost
{
    private static readonly TimeSpan FirstNews = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstChecks = TimeSpan.FromSeconds(2);

    /// <param name="source">The controller; null to serve what is on disk and nothing else.</param>
    /// <param name="note">Told what a person running this should know, one line each.</param>
    /// <exception cref="ListenException">A listener's address cannot be had at the start.</exception>
    public static async Task RunAsync(LoadBalancerOptions options, ISnapshotSource? source, Action<string> note, TimeProvider time, CancellationToken ct)
    {
        Directory.CreateDirectory(options.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var keeper = new TimeKeeper(time);
        await using var log = options.AccessLog is null ? null : new AccessLog(options.AccessLog, keeper);
        await using var balancer = new Balancer(log, keeper);
        await using var registrar = RegistrarHost.Start(balancer, options, note);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var handedOver = false;
        var control = new ControlLoop(balancer, options, source, note, time);
        try
        {
            await control.BeginAsync(stopping.Token).ConfigureAwait(false);
            await registrar.FirstNewsAsync(FirstNews, stopping.Token).ConfigureAwait(false);
            await balancer.Targets.FirstChecksAsync(FirstChecks, stopping.Token).ConfigureAwait(false);
            stopping.Token.ThrowIfCancellationRequested();
            // What reading a large snapshot left would otherwise stay for as long as nobody asks for memory. Nobody waits for an answer yet.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

            using var predecessor = Predecessor.Find(options.Directory);
            foreach (var socket in predecessor?.Listeners ?? []) balancer.Take(socket);
            balancer.Start();
            balancer.Listen();
            if (predecessor is not null) note($"took {predecessor.Listeners.Length} listeners over from the process before");
            predecessor?.SendAway();
            if (predecessor is not null) registrar.Registrar.Reread();

            using var metrics = options.MetricsPort == 0 ? null : MetricsListener.Bind(new IPEndPoint(IPAddress.Parse(options.MetricsAddress), options.MetricsPort), balancer, options.InstanceId);
            using var successor = new SuccessorSocket(options.Directory, balancer, note);
            await using var stopOnHandOver = successor.Taken.Register(stopping.Cancel).ConfigureAwait(false);
            metrics?.Start();
            successor.Start();
            await using var noteHandOver = successor.Taken.Register(() => handedOver = true).ConfigureAwait(false);
            await control.RunAsync(stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop: by the token, or by a successor.
        }
        await registrar.EndAsync(handedOver: handedOver).ConfigureAwait(false);
        await balancer.DrainAsync(options.DrainLimit).ConfigureAwait(false);
        await control.EndAsync().ConfigureAwait(false);
    }
}
