using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Agent.Sets.Votes;

/// <summary>
/// The way to one voter. One question at a time; a voter that does not answer costs its own votes and nobody else's: the next question is not
/// asked while one waits, and a broken connection is opened anew by the next.
/// </summary>
internal sealed class VoteLine(SetPeer peer, Func<Credentials> credentials, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = SetTimes.Rules.Length / 2;
    private readonly SemaphoreSlim _one = new(1);
    private JsonLines? _lines;

    public SetPeer Peer => peer;

    /// <summary>Null when there was no answer in time, or when another question is still waiting for its own.</summary>
    /// <param name="insist">Wait for a question under way rather than not to ask.</param>
    public async Task<VoteAnswer?> AskAsync(VoteAsk ask, bool insist, CancellationToken ct)
    {
        if (!await _one.WaitAsync(insist ? Patience : TimeSpan.Zero, ct)) return null;
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), hurry, Patience, Timeout.InfiniteTimeSpan);
        try
        {
            var lines = _lines ??= await ConnectAsync(hurry.Token);
            await lines.WriteAsync(ask, AgentJson.Default.VoteAsk, hurry.Token);
            var answer = await lines.ReadAsync(AgentJson.Default.VoteAnswer, hurry.Token);
            if (answer is null) Drop();
            return answer;
        }
        catch (Exception away) when (away is IOException or SocketException or OperationCanceledException or AuthenticationException or UntrustedException or JsonException or CryptographicException)
        {
            // A late answer must not be taken for that to the next question.
            Drop();
            return null;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => Drop();

    private async Task<JsonLines> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(peer.Address), peer.VotePort, ct);
            return new JsonLines(await ClientTls.CallAsync(new NetworkStream(socket, ownsSocket: true), credentials(), PartKind.Agent, time, ct));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Drop()
    {
        _lines?.Dispose();
        _lines = null;
    }
}
