using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;
using OpenCluster.LoadBalancer.Registration;
using OpenCluster.LoadBalancer.Sockets;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Peers;

/// <summary>
/// Talks to one peer for as long as it is one: tells what is new at once, and now and then that we are there. What cannot be told now is told
/// with the next message; nothing queues.
/// </summary>
internal sealed class PeerLink : IAsyncDisposable
{
    public const string Path = "/v1/peers/exchange";

    /// <summary>Between two messages when there is nothing new.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>A peer that takes longer to answer counts as not heard.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private const int MostAnswerBytes = 8 << 20;

    private readonly PeerSet _set;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _talking;
    private readonly TaskCompletionSource _firstTalk = Signal();
    private TaskCompletionSource _wanted = Signal();

    public PeerLink(Peer peer, PeerSet set, PeerIdentity identity, TimeProvider time)
    {
        Peer = peer;
        _set = set;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            MaxConnectionsPerServer = 2,
            ConnectCallback = async (_, ct) => (await PeerTls.ConnectAsync(peer, identity, ct).ConfigureAwait(false)).Stream,
        })
        {
            // Plain to HttpClient: the stream it is given is TLS already.
            BaseAddress = new Uri("http://peer/"),
            Timeout = Patience,
            MaxResponseContentBufferSize = MostAnswerBytes,
        };
        _talking = Task.Run(TalkAsync);
    }

    public Peer Peer { get; }

    /// <summary>Completes when the peer has answered once with all it knows, or could not be asked.</summary>
    public Task FirstTalk => _firstTalk.Task;

    /// <summary>Why the last message was not delivered; null when it was.</summary>
    public string? Trouble { get; private set; }

    /// <summary>There is news.</summary>
    public void Wake() => Volatile.Read(ref _wanted).TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _talking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task TalkAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var wanted = Signal();
            Volatile.Write(ref _wanted, wanted);
            var isAll = await TryTellAsync().ConfigureAwait(false);
            _firstTalk.TrySetResult();
            if (isAll) await wanted.Task.WaitAsync(Every, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>False when more is waiting than one message holds.</summary>
    private async Task<bool> TryTellAsync()
    {
        try
        {
            var message = _set.MessageTo(Peer.Balancer);
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(message, RegistrarJson.Default.PeerMessage));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await _http.PostAsync(new Uri(Path, UriKind.Relative), content, _stop.Token).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode)
            {
                Trouble = $"it answered {(int)answer.StatusCode}";
                return true;
            }
            var heard = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(_stop.Token).ConfigureAwait(false), RegistrarJson.Default.PeerMessage);
            if (heard is null || heard.From != Peer.Balancer)
            {
                Trouble = "it answered as somebody else";
                return true;
            }
            Trouble = null;
            _set.Hear(heard);
            return message.Leases.Length < Decisions.Registrations.PeerExchange.MostPerMessage && message.Opinions.Length < Decisions.Registrations.PeerExchange.MostPerMessage;
        }
        catch (Exception away) when (away is HttpRequestException or OperationCanceledException or JsonException or AuthenticationException || Loss.Is(away))
        {
            Trouble = (away.InnerException ?? away).Message;
            return true;
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
