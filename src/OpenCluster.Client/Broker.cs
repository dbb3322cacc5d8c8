using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenCluster.Client;

/// <summary>What the load-balancers' broker says, once, as it changes, and put to use.</summary>
internal static class Broker
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Load-balancers say at least every 10 s that they are there.</summary>
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(25);

    /// <summary>For one way; where it is not there in time, the next is tried.</summary>
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(2);

    public static string PathOf(string endpoint, string? location, bool watch)
    {
        var path = "/v1/broker/" + Uri.EscapeDataString(endpoint);
        if (watch) path += "?watch=true";
        return location is null ? path : $"{path}{(watch ? '&' : '?')}location={Uri.EscapeDataString(location)}";
    }

    public static async IAsyncEnumerable<EndpointAnswer> WatchAsync(Balancers balancers, string endpoint, string? location, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        EndpointAnswer? last = null;
        while (true)
        {
            foreach (var balancer in balancers.InOrder)
            {
                await foreach (var answer in OneAsync(balancers, balancer, PathOf(endpoint, location, watch: true), time, ct).ConfigureAwait(false))
                {
                    // Another load-balancer begins with what the one before had told.
                    if (last is not null && Same(last, answer)) continue;
                    last = answer;
                    yield return answer;
                }
            }
            await Task.Delay(Pause, time, ct).ConfigureAwait(false);
        }
    }

    public static async Task<Stream> ConnectAsync(Balancers balancers, EndpointAnswer answer, CancellationToken ct)
    {
        var failures = new List<string>();
        foreach (var way in answer.Ways)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(ConnectWithin);
            try
            {
                if (way is { How: "direct", Host: { } host, Port: { } port }) return await DirectAsync(host, port, limit.Token).ConfigureAwait(false);
                if (way is { How: "through", Path: { } path, Upgrade: { } protocol }) return await ThroughAsync(balancers, path, protocol, limit.Token).ConfigureAwait(false);
            }
            catch (Exception failed) when (failed is SocketException or IOException || (failed is OperationCanceledException && !ct.IsCancellationRequested))
            {
                failures.Add($"{way.How} {way.Host}{way.Path}: {failed.Message}");
            }
        }
        throw new IOException(failures.Count == 0 ? $"Nobody offers \"{answer.Endpoint}\" now." : $"No way to \"{answer.Endpoint}\" works: {string.Join("; ", failures)}.");
    }

    private static async Task<Stream> DirectAsync(string host, int port, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> ThroughAsync(Balancers balancers, string path, string protocol, CancellationToken ct)
    {
        Exception? last = null;
        foreach (var balancer in balancers.InOrder)
        {
            try
            {
                return await Upgraded.OpenAsync(balancer, path, balancers.Token, protocol, ct).ConfigureAwait(false);
            }
            catch (Exception failed) when (failed is SocketException or IOException)
            {
                last = failed;
            }
        }
        throw new IOException(last?.Message ?? "no load-balancer", last);
    }

    /// <summary>What one load-balancer tells until it is gone; refusals are thrown, because another would refuse as well.</summary>
    private static async IAsyncEnumerable<EndpointAnswer> OneAsync(Balancers balancers, Uri balancer, string path, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), alive, SilentAfter, Timeout.InfiniteTimeSpan);
        StreamReader? lines = null;
        try
        {
            while (true)
            {
                string? line;
                try
                {
                    lines ??= new StreamReader(await (await balancers.StreamAsync(balancer, path, alive.Token).ConfigureAwait(false)).Content.ReadAsStreamAsync(alive.Token).ConfigureAwait(false));
                    line = await lines.ReadLineAsync(alive.Token).ConfigureAwait(false);
                }
                catch (Exception away) when (away is HttpRequestException or IOException || (away is OperationCanceledException && !ct.IsCancellationRequested))
                {
                    yield break;
                }
                if (line is null) yield break;
                timer.Change(SilentAfter, Timeout.InfiniteTimeSpan);
                if (line.StartsWith("data: {", StringComparison.Ordinal) && JsonSerializer.Deserialize(line.AsSpan(6), ClientJson.Default.EndpointAnswer) is { } answer) yield return answer;
            }
        }
        finally
        {
            lines?.Dispose();
        }
    }

    private static bool Same(EndpointAnswer a, EndpointAnswer b) => (a.Protocol, a.User, a.Password, a.Secret) == (b.Protocol, b.User, b.Password, b.Secret) && a.Ways.SequenceEqual(b.Ways);
}
