using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenCluster.Decisions.Targets;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Balancing;

/// <summary>Asks one target once whether it can serve: by a TCP connect, or by an HTTP request answered with 200 to 399.</summary>
internal static class TargetCheck
{
    private const int AnswerBytes = 4096;

    /// <returns>Null when it could not be asked for want of something of ours, which says nothing about the target.</returns>
    public static async Task<TargetEvent?> AskAsync(TargetSlot slot, HealthCheck? check, TimeProvider time, CancellationToken ct)
    {
        if (slot.Connector.IsBusy && slot.Health.State == TargetState.Up) return TargetEvent.CheckPassed.Instance;
        var target = slot.EndPoint;
        var limit = check?.Timeout ?? TimeSpan.FromSeconds(1);
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Disposed asynchronously: that waits for a callback under way, which would otherwise cancel what is already disposed and end the process.
        await using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), timed, limit, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        using var transport = check is { Kind: CheckKind.Http } && slot.Key.Path.IsHttp2 ? slot.Connector.Create() : slot.Connector.Create(slot.Key.Path.CheckPreface);
        await using var giveUp = timed.Token.Register(static made => ((Transport)made!).Dispose(), transport).ConfigureAwait(false);
        try
        {
            await transport.OpenAsync().ConfigureAwait(false);
            // A command check runs beside the instance, at its agent; from here only the port can be asked.
            return check is { Kind: CheckKind.Http } ? await AskHttpAsync(transport, target, check).ConfigureAwait(false) : TargetEvent.CheckPassed.Instance;
        }
        catch (Exception lost) when (Loss.Is(lost))
        {
            ct.ThrowIfCancellationRequested();
            if (Loss.IsOurs(lost)) return null;
            return timed.IsCancellationRequested
                ? new TargetEvent.CheckFailed($"check of {target}: no answer within {limit.TotalMilliseconds:0} ms", Refused: false, Silent: true)
                : new TargetEvent.CheckFailed($"check of {target}: {lost.InWords()}", lost is SocketException { SocketErrorCode: SocketError.ConnectionRefused });
        }
    }

    private static async Task<TargetEvent> AskHttpAsync(Transport transport, IPEndPoint target, HealthCheck check)
    {
        var request = $"GET {check.Path} HTTP/1.1\r\nHost: {check.Host ?? target.ToString()}\r\nUser-Agent: OpenCluster-check\r\nConnection: close\r\n\r\n";
        await transport.SendAsync(Encoding.Latin1.GetBytes(request)).ConfigureAwait(false);
        var head = new ResponseHead();
        var answer = new byte[AnswerBytes];
        var filled = 0;
        while (true)
        {
            var count = filled == answer.Length ? 0 : await transport.ReceiveAsync(answer.AsMemory(filled)).ConfigureAwait(false);
            filled += count;
            var status = head.Parse(answer.AsSpan(0, filled), toHead: false);
            if (status == HeadStatus.Complete && head.Status >= 200)
            {
                return head.Status < 400
                    ? TargetEvent.CheckPassed.Instance
                    : new TargetEvent.CheckFailed($"check GET {check.Path} at {target}: answered {head.Status}", Refused: false);
            }
            if (status == HeadStatus.Refused)
                return new TargetEvent.CheckFailed($"check GET {check.Path} at {target}: {HeadErrors.Text(head.Error)} in the answer", Refused: false);
            if (count == 0) return new TargetEvent.CheckFailed($"check GET {check.Path} at {target}: the connection ended before an answer", Refused: false);
            if (status == HeadStatus.Complete)
            {
                answer.AsSpan(head.Length, filled - head.Length).CopyTo(answer);
                filled -= head.Length;
                head.Clear();
            }
        }
    }
}
