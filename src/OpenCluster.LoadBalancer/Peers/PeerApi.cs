using System.Text.Json;
using OpenCluster.LoadBalancer.OwnApi;
using OpenCluster.LoadBalancer.Registration;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>What one peer, known by its certificate, asks of us.</summary>
internal sealed class PeerApi(Peer peer, PeerSet set, ReverseLines lines) : IApiHandler
{
    public Task<ApiAnswer> AnswerAsync(ApiRequest request, CancellationToken ct) => Task.FromResult(request switch
    {
        { Method: "POST", Path: PeerLink.Path } => Exchange(request),
        { Method: "GET", Upgrade: PeerRelay.Protocol } when request.Path.StartsWith(PeerRelay.Path, StringComparison.Ordinal) => Line(request.Path[PeerRelay.Path.Length..]),
        _ => ApiAnswer.Refused(new(404, "not-found", "There is nothing here.", "Peers of one version know what is.")),
    });

    private ApiAnswer Exchange(ApiRequest request)
    {
        PeerMessage? message;
        try
        {
            message = JsonSerializer.Deserialize(request.Body.Span, RegistrarJson.Default.PeerMessage);
        }
        catch (JsonException malformed)
        {
            return ApiAnswer.Refused(new(400, "invalid", $"The body is no message (line {malformed.LineNumber + 1}).", "Peers of one version know its form."));
        }
        // Nobody speaks for another: the certificate says who it is.
        if (message is null || message.From != peer.Balancer) return ApiAnswer.Refused(new(403, "not-yours", "The message is from somebody else than the certificate.", "Speak for yourself."));
        set.Hear(message);
        return ApiAnswer.Json(set.MessageTo(peer.Balancer), RegistrarJson.Default.PeerMessage);
    }

    private ApiAnswer Line(string registration)
    {
        if (!lines.Has(registration)) return ApiAnswer.Refused(new(404, "no-line", "That app is not connected here.", "Ask again when we say it is."));
        return new ApiAnswer.Switch(PeerRelay.Protocol, async (transport, early) =>
        {
            using var line = new ReverseTransport(registration, lines);
            try
            {
                await line.OpenAsync().ConfigureAwait(false);
                if (!early.IsEmpty) await line.SendAsync(early).ConfigureAwait(false);
            }
            catch (Exception lost) when (Loss.Is(lost))
            {
                transport.Abort();
                return;
            }
            await Splice.RunAsync(transport, line).ConfigureAwait(false);
        });
    }
}
