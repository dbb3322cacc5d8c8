using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Agent.Sets.Votes;

/// <summary>
/// Where agents of other servers ask for this one's vote: TLS 1.3 with certificates of the cluster on both sides, agents alone; one question a
/// line, one answer a line. Not through the controller: a lease must live on without it.
/// </summary>
internal sealed class VoteListener(IPAddress address, string directory, Func<Credentials> credentials, Func<VoteAsk, VoteAnswer?> answer, AgentLog log, TimeProvider time)
{
    private const int MostConnections = 256;
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(3);
    private readonly SemaphoreSlim _room = new(MostConnections);
    private int _port;

    /// <summary>0 until it listens.</summary>
    public int Port => Volatile.Read(ref _port);

    public async Task RunAsync(CancellationToken ct)
    {
        using var listening = Listen();
        Volatile.Write(ref _port, ((IPEndPoint)listening.LocalEndPoint!).Port);
        while (true)
        {
            await _room.WaitAsync(ct);
            _ = ServeAsync(await listening.AcceptAsync(ct), ct);
        }
    }

    /// <summary>The port of the last time, so that the others need not learn a new one; else a free one, which is kept.</summary>
    private Socket Listen()
    {
        var file = Path.Combine(directory, "votes.port");
        var kept = File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last is > 0 and <= 65535 ? last : 0;
        foreach (var port in (int[])[kept, 0])
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.Bind(new IPEndPoint(address, port));
                socket.Listen();
                File.WriteAllText(file, ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture));
                return socket;
            }
            catch (SocketException taken) when (port != 0)
            {
                log.Warn($"port {port}, where agents asked for votes, cannot be used any more ({taken.Message}); another is taken");
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw new InvalidOperationException("A free port was refused and no error came of it.");
    }

    private async Task ServeAsync(Socket socket, CancellationToken ct)
    {
        try
        {
            socket.NoDelay = true;
            await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            using (var hurry = CancellationTokenSource.CreateLinkedTokenSource(ct))
            {
                await using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), hurry, HandshakeTime, Timeout.InfiniteTimeSpan);
                await tls.AuthenticateAsServerAsync(ServerTls.Options(credentials(), time, required: true), hurry.Token);
            }

            if (tls.RemoteCertificate is not System.Security.Cryptography.X509Certificates.X509Certificate2 shown || PartName.Of(shown) is not { Kind: PartKind.Agent }) return;
            using var lines = new JsonLines(tls);
            while (await lines.ReadAsync(AgentJson.Default.VoteAsk, ct) is { } ask)
                if (answer(ask) is { } given) await lines.WriteAsync(given, AgentJson.Default.VoteAnswer, ct);
                else return;
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException or AuthenticationException or JsonException)
        {
            // Whoever asks connects again; who is none of ours stays out.
            return;
        }
        finally
        {
            socket.Dispose();
            _room.Release();
        }
    }
}
